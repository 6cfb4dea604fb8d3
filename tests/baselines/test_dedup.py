"""A token that goes once to each rank: vanilla's function, fewer bytes."""

import pytest
import torch

from baselines import DedupExchange, HierarchicalDedupExchange
from lshmoe import MoELayer, lsh_reduction
from tests.baselines import dedup_jobs
from tests.baselines.dedup_jobs import DIM, EXPERTS, SHARES, TOP_K
from tests.ranks import run_ranks

ROW, WEIGHT, PLACE, COUNT = 4 * DIM, 4, 4, 8
LAYOUTS = [(1, 1), (2, 1), (4, 2)]
servers_of_several_ranks = pytest.mark.parametrize("cluster", [(4, 2)], indirect=True, ids=str)


@pytest.fixture(scope="module", params=LAYOUTS, ids=str)
def cluster(request):
    world, per_server = request.param
    if world == 1:
        return world, per_server, [dedup_jobs.against_vanilla(per_server)]
    return world, per_server, run_ranks(world, dedup_jobs.against_vanilla, per_server)


@pytest.mark.parametrize("name", ["dedup", "hierarchical"])
@pytest.mark.parametrize("case", [*SHARES, "capacity"])
def test_outputs_and_all_gradients_are_vanillas(cluster, case, name):
    for answers in cluster[2]:
        vanilla, dedup = answers[case]["vanilla"][0], answers[case][name][0]
        assert vanilla.keys() == dedup.keys()
        for tensor in vanilla:
            torch.testing.assert_close(dedup[tensor], vanilla[tensor], rtol=1e-5, atol=1e-5, msg=tensor)
        assert vanilla["gate.weight"].abs().max() > 1e-3 or case != "uneven"


def copies(rank_ids, per_place):
    """Distinct (token, place) of a rank's tokens, by place; a place is ``per_place`` experts in a row."""
    places = [set((ids // per_place).tolist()) for ids in rank_ids]
    return [sum(place in own for own in places) for place in range(EXPERTS // per_place)]


def test_bytes_are_those_counted_by_hand(cluster):
    world, _, ranks = cluster
    sent = [copies(answers["uneven"]["dedup"][1]["experts"], EXPERTS // world) for answers in ranks]
    experts = [answers["uneven"]["dedup"][1]["experts"].flatten() // (EXPERTS // world) for answers in ranks]
    for place, answers in enumerate(ranks):
        meters = answers["uneven"]["dedup"][1]
        routed, computed = meters["rows"]
        arrived_rows = sum(int((own == place).sum()) for own in experts)
        arrived_tokens = sum(own[place] for own in sent)
        assert routed == computed == TOP_K * len(meters["experts"])
        assert meters["bytes"]["dispatch"] == sum(sent[place]) * ROW + routed * (WEIGHT + PLACE)
        assert meters["bytes"]["combine"] == arrived_tokens * ROW
        assert meters["bytes"]["combine_backward"] == sum(sent[place]) * ROW
        assert meters["bytes"]["dispatch_backward"] == arrived_tokens * ROW + arrived_rows * WEIGHT
        if world > 1:
            assert meters["bytes"]["counts"] == COUNT * (world + EXPERTS)
        vanilla = answers["uneven"]["vanilla"][1]
        assert meters["bytes"]["combine_backward"] < 0.95 * vanilla["bytes"]["combine_backward"]


@servers_of_several_ranks
def test_a_token_crosses_once_to_each_server_and_goes_once_to_each_rank_there(cluster):
    world, per_server, ranks = cluster
    servers = world // per_server
    ids = [answers["uneven"]["hierarchical"][1]["experts"] for answers in ranks]
    per_rank, per_place = EXPERTS // world, EXPERTS // servers
    for place, answers in enumerate(ranks):
        own_server, seat = divmod(place, per_server)
        abroad = copies(ids[place], per_place)
        rows_abroad = int((ids[place] // per_place != own_server).sum())
        crossed = sum(count for server, count in enumerate(abroad) if server != own_server)
        beside = WEIGHT + PLACE
        meters = answers["uneven"]["hierarchical"][1]
        assert meters["inter_server_bytes"]["dispatch"] == crossed * ROW + rows_abroad * beside
        # At the rank of the same seat tokens from every server go on to the ranks of this one.
        arriving = [ids[server * per_server + seat] for server in range(servers)]
        inside = sum(
            sum(copies(own, per_rank)[own_server * per_server : (own_server + 1) * per_server]) for own in arriving
        )
        rows_inside = sum(int((own // per_place == own_server).sum()) for own in arriving)
        outside = sum(abroad) * ROW + ids[place].numel() * beside
        assert meters["bytes"]["dispatch"] == outside + inside * ROW + rows_inside * beside


@servers_of_several_ranks
def test_it_crosses_with_fewer_bytes_than_once_per_rank(cluster):
    def crossing(name):
        return sum(answers["uneven"][name][1]["inter_server_bytes"]["combine"] for answers in cluster[2])

    assert crossing("hierarchical") < crossing("dedup") < crossing("vanilla")


@pytest.mark.parametrize("name", ["dedup", "hierarchical"])
def test_a_wire_rounds_what_travels(cluster, name):
    for answers in cluster[2]:
        exact, rounded = answers["uneven"]["vanilla"][0], answers["int8"][name][0]
        error = (rounded["out"] - exact["out"]).norm() / exact["out"].norm()
        assert 1e-4 < error < 0.05
        assert (rounded["x"] - exact["x"]).norm() < 0.05 * exact["x"].norm()


@pytest.mark.parametrize("kind", [DedupExchange, HierarchicalDedupExchange])
def test_reductions_are_refused_in_words_before_anything_is_sent(kind):
    words = f"exchange: {kind.__name__} sends whole tokens, and LSHReduction .* set reduction to null"
    with pytest.raises(ValueError, match=words):
        MoELayer(8, 8, 4, reduction=lsh_reduction(8), exchange=kind())
    layer = MoELayer(8, 8, 4, exchange=kind())
    layer.reduction = lsh_reduction(8)
    with pytest.raises(ValueError, match=words):
        layer(torch.randn(3, 8))


def test_observers_see_every_routed_row():
    seen = []
    layer = MoELayer(8, 8, 4, exchange=DedupExchange())
    layer.observers.append(seen.append)
    x = torch.randn(5, 8)
    layer(x)
    (routing,) = seen
    assert torch.equal(routing.rows_RD, x[routing.token_R])
    assert routing.num_sent == 10 and routing.assignment_R is None


def test_exchanges_work_in_a_group_of_some_ranks():
    outsider, *members = run_ranks(5, dedup_jobs.in_a_group, [1, 2, 3, 4], 2)
    assert outsider == []
    for vanilla, *others in members:
        for other in others:
            for name, tensor in vanilla.items():
                torch.testing.assert_close(other[name], tensor, rtol=1e-5, atol=1e-5, msg=name)
