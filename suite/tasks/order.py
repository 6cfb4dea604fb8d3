"""In which order examples are seen: each epoch goes once through all of them, in an order of its own."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lshmoe.seeding import derive_seed


def places(first: int, last: int, size: int, seed: int) -> NDArray[np.int64]:
    """Places, in a data set of ``size``, of training examples ``first`` to ``last - 1``, counted over all epochs."""
    numbers = range(first, last)
    return np.array([_epoch(seed, number // size, size)[number % size] for number in numbers], dtype=np.int64)


# Two, because a batch may reach from one epoch into the next.
@lru_cache(maxsize=2)
def _epoch(seed: int, epoch: int, size: int) -> NDArray[np.int64]:
    return np.random.Generator(np.random.PCG64(derive_seed(seed, "epoch", epoch))).permutation(size)
