"""Which examples come when: the same for every world size."""

import numpy as np
import pytest

from suite.tasks.sampling import EpochOrder, in_batches, spread


def test_every_epoch_is_a_permutation_of_its_own() -> None:
    order = EpochOrder(seed=3, count=7)
    epochs = [[order.place(number) for number in range(7 * epoch, 7 * epoch + 7)] for epoch in range(3)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert [EpochOrder(seed=3, count=7).place(number) for number in range(7)] == epochs[0]


@pytest.mark.parametrize("count", [4, 21, 24, 25])
@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("size", [4, 8])
def test_ranks_share_out_everything_in_equally_many_batches(count: int, world: int, size: int) -> None:
    places = spread(count, 3 * count)
    ranks = [list(in_batches(places, size, rank, world)) for rank in range(world)]
    assert len({len(batches) for batches in ranks}) == 1
    assert all(0 < len(batch) <= size // world + 1 for batches in ranks for batch in batches)
    assert np.array_equal(np.concatenate([batch for batches in ranks for batch in batches]), places)
