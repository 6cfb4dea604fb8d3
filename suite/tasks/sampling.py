"""Order and split of examples: functions of seed and step, the same for every world size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lshmoe.seeding import derive_seed


class EpochOrder:
    """Endless passes over ``count`` examples, each epoch in an order of its own."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed, self._count = seed, count
        self._cached: tuple[int, NDArray[np.int64]] | None = None

    def place(self, number: int) -> int:
        """The example that comes as number ``number`` (from 0)."""
        epoch, within = divmod(number, self._count)
        if self._cached is None or self._cached[0] != epoch:
            random = np.random.Generator(np.random.PCG64(derive_seed(self._seed, "epoch", epoch)))
            self._cached = epoch, random.permutation(self._count)
        return int(self._cached[1][within])


def rank_slice(count: int, rank: int, world: int) -> slice:
    """The r-th of ``world`` nearly equal parts of ``count`` items."""
    return slice(count * rank // world, count * (rank + 1) // world)


def spread(wanted: int, present: int) -> NDArray[np.int64]:
    """``wanted`` of ``present`` places, evenly spaced, int64 ``[wanted]``."""
    return np.arange(wanted) * present // wanted


def in_batches(places: NDArray[np.int64], size: int, rank: int, world: int) -> Iterator[NDArray[np.int64]]:
    """A rank's part of ``places``, in batches of about ``size`` over all ranks; every rank gets as many batches."""
    mine = places[rank_slice(len(places), rank, world)]
    batches = max(1, -(-(len(places) // world) // max(1, size // world)))
    for number in range(batches):
        yield mine[rank_slice(len(mine), number, batches)]
