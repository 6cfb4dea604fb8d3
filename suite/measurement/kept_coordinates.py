"""How many coordinates must a rotation keep? Tried on rows that a run captured.

For every number of kept coordinates and of hash functions, it gives the share of rows that is sent, and the share of
the rows' variance that centroids miss. Both depend on rows per expert, so a capture should hold whole experts.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from lshmoe import CrossPolytopeHash, cluster, segment_mean, spread
from suite.errors import UserError

COORDINATES = (1, 2, 4, 8, 16, 32, 64)
FUNCTIONS = (2, 4, 6, 8, 10)
SEEDS = (0, 1, 2)


def study(
    rows_RD: Tensor,
    counts_E: Tensor,
    coordinates: Iterable[int] = COORDINATES,
    functions: Iterable[int] = FUNCTIONS,
    seeds: Sequence[int] = SEEDS,
) -> pd.DataFrame:
    """One row per (coordinates, functions): ``rate`` and ``missed``, means over hash seeds.

    Args:
        rows_RD: ``[R, D]``, sorted by expert; ``D`` coordinates are tried as well.
        counts_E: int64 ``[E]``, rows per expert.
        coordinates: kept by a rotation; more than D are left out.
        functions: hash functions.
        seeds: hash seeds.
    """
    dim = rows_RD.shape[1]
    variance = (rows_RD - rows_RD.mean(0)).square().sum()
    found = []
    for kept in [*(kept for kept in coordinates if kept < dim), dim]:
        for number in functions:
            for seed in seeds:
                clusters = cluster(CrossPolytopeHash(dim, number, kept, seed=seed)(rows_RD), counts_E)
                missed = (rows_RD - spread(segment_mean(rows_RD, clusters), clusters)).square().sum() / variance
                rate = clusters.sizes_C.shape[0] / rows_RD.shape[0]
                found.append({"coordinates": kept, "functions": number, "rate": rate, "missed": missed.item()})
    return pd.DataFrame(found).groupby(["coordinates", "functions"], as_index=False).mean()


def to_markdown(result: pd.DataFrame) -> str:
    """Coordinates down, functions across; each cell says ``rate / missed`` in percent."""
    pairs = zip(result["rate"], result["missed"], strict=True)
    cells = result.assign(cell=[f"{100 * rate:.0f} / {100 * missed:.0f}" for rate, missed in pairs])
    return cells.pivot(index="coordinates", columns="functions", values="cell").to_markdown()


def print_tables(paths: Sequence[Path]) -> None:
    """Print a table per capture and layer.

    Raises:
        UserError: if a file is not there.
    """
    for path in paths:
        if not path.exists():
            raise UserError(f"captures: {path} is not there")
        for name, layer in torch.load(path, weights_only=True)["layers"].items():
            counts_E = torch.bincount(layer["expert"])
            print(f"\n{path.name}, {name}: {len(layer['rows'])} rows of {int((counts_E > 0).sum())} experts\n")
            print(to_markdown(study(layer["rows"], counts_E)))
