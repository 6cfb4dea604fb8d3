"""The hierarchical exchange computes what the flat one computes."""

import pytest
import torch

from baselines import HierarchicalExchange
from lshmoe import MoELayer
from tests.baselines import exchange_jobs
from tests.ranks import run_ranks


@pytest.mark.parametrize(
    ("world", "per_server", "quantised"), [(4, 2, False), (4, 2, True), (4, 1, False), (4, 4, False), (2, 1, True)]
)
def test_hierarchical_equals_flat_bit_for_bit(world, per_server, quantised):
    some_gradient = False
    for rank in run_ranks(world, exchange_jobs.both_paths, per_server, quantised):
        for (flat, flat_traffic), (hierarchical, traffic) in rank:
            assert flat.keys() == hierarchical.keys()
            for name in flat:
                assert torch.equal(flat[name], hierarchical[name]), name
            assert flat["x"].isfinite().all()
            some_gradient |= bool((flat["x"] != 0).any())
            assert traffic["rows"] == flat_traffic["rows"]
            if per_server in (1, world):
                # One of the two steps is empty then.
                assert traffic == flat_traffic
    assert some_gradient


def test_it_works_in_a_group_of_some_ranks():
    outsider, *members = run_ranks(5, exchange_jobs.both_paths_in_a_group, [1, 2, 3, 4], 2)
    assert outsider == []
    for (flat, _), (hierarchical, _) in members:
        assert all(torch.equal(flat[name], hierarchical[name]) for name in flat)
        assert (flat["x"] != 0).any()


def test_bytes_between_servers_are_kept_apart():
    row_bytes, counts_bytes = 4 * exchange_jobs.DIM, 8 * exchange_jobs.EXPERTS
    ranks = run_ranks(4, exchange_jobs.bytes_there_and_back, 2)

    def total(meter, phase):
        return sum(rank[meter][phase] for rank in ranks)

    for phase in ("dispatch", "combine"):
        # Both steps carry every row; only rows for another server cross, once.
        assert total("bytes", phase) == 2 * sum(rank["rows"] for rank in ranks) * row_bytes
        assert total("inter_server_bytes", phase) == sum(rank["rows_to_other_servers"] for rank in ranks) * row_bytes
        assert 0 < total("inter_server_bytes", phase) < total("remote_bytes", phase) < total("bytes", phase)
    for rank in ranks:
        assert rank["bytes"]["counts"] == 2 * counts_bytes
        assert rank["remote_bytes"]["counts"] == 2 * counts_bytes / 2
        assert rank["inter_server_bytes"]["counts"] == counts_bytes / 2


def test_ranks_per_server_has_to_divide_the_ranks():
    assert run_ranks(2, exchange_jobs.refusal, 3) == ["ranks_per_server: 3 does not divide the 2 ranks"] * 2
    with pytest.raises(ValueError, match="ranks_per_server: must be 1 or more"):
        HierarchicalExchange(ranks_per_server=0)


def test_a_single_process_keeps_its_rows():
    x = torch.randn(12, 8)
    assert torch.equal(MoELayer(8, 8, 4, exchange=HierarchicalExchange(ranks_per_server=2))(x), MoELayer(8, 8, 4)(x))
