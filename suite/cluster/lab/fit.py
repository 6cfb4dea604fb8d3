"""The alpha–beta model of a link, fitted to the collective that the exchanges use (Hockney's model)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

Collective = Callable[..., Any]
SIZES = tuple(2**power for power in range(12, 23))  # 4 KiB to 4 MiB
FIT_SECONDS = 1.2
_REPEATS = 7
_LEAST = 3


@dataclass(frozen=True)
class FitPoint:
    """One message size.

    Attributes:
        bytes_per_peer: what a rank sent to each rank of another server.
        bytes_per_server: what left each server in one collective.
        seconds: median over repeats of the slowest rank's.
        residual: (the fit's − measured) / measured.
    """

    bytes_per_peer: int
    bytes_per_server: int
    seconds: float
    residual: float


@dataclass(frozen=True)
class LinkFit:
    """seconds ≈ alpha + beta · (bytes that leave a server), for one all-to-all.

    Attributes:
        alpha: seconds per collective.
        beta: seconds per byte leaving a server.
        points: what the fit was made from.
    """

    alpha: float
    beta: float
    points: tuple[FitPoint, ...]

    def seconds(self, bytes_per_server: float) -> float:
        """Predicted for one all-to-all."""
        return self.alpha + self.beta * bytes_per_server


def solve(bytes_per_server: Sequence[int], seconds: Sequence[float]) -> tuple[float, float]:
    """Non-negative alpha and beta with the least sum of squared *relative* errors."""
    from scipy.optimize import nnls  # half a second of import time, for ranks that fit only

    measured = np.asarray(seconds, dtype=float)
    design = np.stack([1 / measured, np.asarray(bytes_per_server) / measured], axis=1)
    scale = design.max(axis=0)  # the two columns differ by a factor of a million
    (alpha, beta), _ = nnls(design / scale, np.ones_like(measured))
    return float(alpha / scale[0]), float(beta / scale[1])


def fit_link(
    group: dist.ProcessGroup | None,
    ranks_per_server: int,
    collective: Collective = dist.all_to_all_single,
    sizes: Sequence[int] = SIZES,
    budget: float = FIT_SECONDS,
) -> LinkFit:
    """Measure and fit the link between servers; collective over ``group``, equal on all its ranks.

    Args:
        group: the exchanges' ranks, those of a server consecutive.
        ranks_per_server: G. Ranks send only to other servers.
        collective: the all-to-all of the exchanges.
        sizes: bytes per peer, ascending, each a multiple of 4.
        budget: seconds for all of it. Sizes that would exceed it are left out.

    Raises:
        ValueError: if there is only one server: no link to measure.
    """
    elsewhere = dist.get_world_size(group) - ranks_per_server
    if elsewhere < 1:
        raise ValueError("fit_link: all ranks share one server, so there is no link to measure")
    began = time.perf_counter()
    for _ in range(_LEAST):  # warm up caches and TCP windows
        all_to_all(2**16, group, ranks_per_server, collective)
    measured: dict[int, float] = {}
    for size in sizes:
        repeats: list[float] = []
        while len(repeats) < _REPEATS:
            repeats.append(all_to_all(size, group, ranks_per_server, collective))
            spent = _slowest(time.perf_counter() - began, group)
            # The next size takes at most twice as long.
            if len(repeats) >= _LEAST and spent + _LEAST * 2 * repeats[-1] > budget:
                break
        measured[size] = float(np.median(repeats))
        if len(repeats) < _REPEATS and len(measured) > 2:
            break
    leaving = [size * elsewhere * ranks_per_server for size in measured]
    line = LinkFit(*solve(leaving, list(measured.values())), points=())
    points = tuple(
        FitPoint(size, sent, seconds, line.seconds(sent) / seconds - 1)
        for (size, seconds), sent in zip(measured.items(), leaving, strict=True)
    )
    return replace(line, points=points)


def all_to_all(
    size: int, group: dist.ProcessGroup | None, ranks_per_server: int, collective: Collective = dist.all_to_all_single
) -> float:
    """Seconds of one uneven all-to-all of ``size`` bytes to every rank of another server; the slowest rank's."""
    server = dist.get_rank(group) // ranks_per_server
    counts = [0 if peer // ranks_per_server == server else size // 4 for peer in range(dist.get_world_size(group))]
    rows, received = torch.zeros(sum(counts)), torch.empty(sum(counts))
    dist.barrier(group)
    start = time.perf_counter()
    collective(received, rows, counts, counts, group=group)
    return _slowest(time.perf_counter() - start, group)


def _slowest(seconds: float, group: dist.ProcessGroup | None) -> float:
    tensor = torch.tensor(seconds, dtype=torch.float64)
    dist.all_reduce(tensor, dist.ReduceOp.MAX, group=group)
    return float(tensor)
