"""Matching a target rate: the hash setting of a family whose rate on captured rows is nearest to the target.

The paper compares families at equal rates of 20, 15 and 10 % (Fig. 7, right) and does not say how it sets them. Here
the numbers of hash functions and of buckets set the rate. It rises with both, so for every number of buckets the number
of functions is found by bisection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lshmoe import cluster, lsh_reduction
from lshmoe.seeding import derive_seed
from suite.errors import UserError
from suite.records.run_folder import RunFolder
from sweeps.setting import Setting

MOST_HASHES = 12
MOST_BITS = 8


@dataclass(frozen=True)
class Rows:
    """Rows of one layer and rank at one step: ``rows_RD`` ``[R, D]`` sorted by expert, ``counts_E`` int64 ``[E]``."""

    layer: str
    rows_RD: Tensor
    counts_E: Tensor


def captures(run: RunFolder) -> list[Rows]:
    """All rows that a run captured.

    Raises:
        UserError: it captured none.
    """
    found = []
    for path in sorted(run.captures.glob("*.pt")):
        for name, layer in torch.load(path, weights_only=True)["layers"].items():
            found.append(Rows(name, layer["rows"], torch.bincount(layer["expert"])))
    if not found:
        raise UserError(f"captures: {run.path} holds no captured rows; remove that folder to have it trained again")
    return found


def match(setting: Setting, rows: Sequence[Rows], hash_seed: int) -> tuple[Setting, float]:
    """The setting with the numbers of functions and buckets whose rate is nearest to ``target_rate``, and that rate.

    Args:
        setting: with a ``target_rate``.
        rows: what the rate is measured on.
        hash_seed: of the run that the setting is for, so that the same functions are drawn.
    """
    assert setting.target_rate is not None
    target = setting.target_rate
    most = min(MOST_BITS, max(1, rows[0].rows_RD.shape[1]).bit_length())
    tried: list[tuple[float, int, int]] = []
    for bits in range(1, most + 1):

        def rate(functions: int, bits: int = bits) -> float:
            candidate = setting.model_copy(update={"num_hashes": functions, "bucket_bits": bits})
            return rate_of(candidate, rows, hash_seed)

        tried += [(found, bits, functions) for functions, found in bisect(rate, target, MOST_HASHES).items()]
    nearest, bits, functions = min(tried, key=lambda found: (abs(found[0] - target), found[1:]))
    return setting.model_copy(update={"num_hashes": functions, "bucket_bits": bits, "target_rate": None}), nearest


def bisect(rate: Callable[[int], float], target: float, most: int) -> dict[int, float]:
    """Bisect for the number, 1 to ``most``, where a rising ``rate`` crosses ``target``; returns all computed rates."""
    low, high = 1, most
    found = {low: rate(low), high: rate(high)}
    while high - low > 1 and found[low] < target < found[high]:
        middle = (low + high) // 2
        found[middle] = rate(middle)
        low, high = (middle, high) if found[middle] < target else (low, middle)
    return found


@torch.no_grad()
def rate_of(setting: Setting, rows: Sequence[Rows], hash_seed: int) -> float:
    """Rows sent over rows routed, with the functions that a run of this hash seed draws for each layer."""
    sent = 0
    for part in rows:
        dim = part.rows_RD.shape[1]
        reduction = lsh_reduction(dim, seed=derive_seed(hash_seed, part.layer), **setting.reduction())
        sent += len(cluster(reduction.hash(part.rows_RD), part.counts_E).sizes_C)
    return sent / sum(len(part.rows_RD) for part in rows)
