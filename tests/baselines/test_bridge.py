"""Reduction between servers: as one process that clusters the rows of each server together."""

import pytest
import torch

from baselines import BridgeExchange
from lshmoe import MoELayer, lsh_reduction
from tests.baselines import bridge_jobs
from tests.baselines.bridge_jobs import DIM, REDUCTIONS, WORLD
from tests.ranks import run_ranks


@pytest.fixture(scope="module", params=[2, 1, 4], ids=lambda size: f"{size} per server")
def cluster(request):
    return request.param, run_ranks(WORLD, bridge_jobs.over_the_bridge, request.param)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_outputs_and_all_gradients_are_those_of_a_single_process(cluster, name):
    per_server, ranks = cluster
    expected = bridge_jobs.single_process(REDUCTIONS[name](), per_server)
    close = {"rtol": 1e-9, "atol": 1e-11}
    for rank, answers in enumerate(ranks):
        torch.testing.assert_close(answers[name]["tensors"]["out"], expected["out"][rank], **close)
        torch.testing.assert_close(answers[name]["tensors"]["x"], expected["x"][rank], **close)
    for parameter, gradient in expected["experts"].items():
        owned = torch.cat([answers[name]["tensors"][f"experts.{parameter}"] for answers in ranks])
        torch.testing.assert_close(owned, gradient, **close)
    gate = sum(answers[name]["tensors"]["gate.weight"] for answers in ranks)
    torch.testing.assert_close(gate, expected["gate"], **close)
    assert sum(answers[name]["rows"][1] for answers in ranks) == expected["sent"]


def test_only_what_leaves_a_server_is_reduced(cluster):
    per_server, ranks = cluster
    routed, sent = (sum(answers["lsh"]["rows"][number] for answers in ranks) for number in (0, 1))

    def crossing(name, phase):
        return sum(answers[name]["inter_server_bytes"].get(phase, 0) for answers in ranks)

    for phase in ("dispatch", "combine", "combine_backward", "dispatch_backward"):
        saved = crossing("vanilla", phase) - crossing("lsh", phase)
        assert saved == (routed - sent) * DIM * 8
        assert crossing("identity", phase) == crossing("vanilla", phase)
    assert (sent < 0.8 * routed) if per_server < WORLD else (sent == routed)


def test_without_a_reduction_it_is_vanilla(cluster):
    for answers in cluster[1]:
        for name, tensor in answers["vanilla"]["tensors"].items():
            torch.testing.assert_close(answers["identity"]["tensors"][name], tensor, rtol=1e-12, atol=1e-13)


def test_a_wire_rounds_on_both_steps(cluster):
    for answers in cluster[1]:
        exact, rounded = answers["lsh"]["tensors"], answers["int8"]["tensors"]
        if len(exact["out"]):
            assert 1e-4 < (rounded["out"] - exact["out"]).norm() / exact["out"].norm() < 0.1


def test_more_ranks_at_the_bridge_find_more_rows_alike():
    one, two = (bridge_jobs.single_process(REDUCTIONS["lsh"](), size)["rate between servers"] for size in (1, 2))
    assert two < one < 1


def test_one_process_reduces_nothing():
    x = torch.randn(12, 8)
    bridge = MoELayer(8, 8, 4, reduction=lsh_reduction(8), exchange=BridgeExchange(ranks_per_server=2))
    assert torch.equal(bridge(x), MoELayer(8, 8, 4)(x))
    assert bridge.traffic.bytes["dispatch"] == 24 * 8 * 4
    assert bridge.traffic.rows_sent == bridge.traffic.rows_routed == 24


def test_exact_dispatch_reduces_nothing_at_the_bridge(cluster):
    for answers in cluster[1]:
        for name, tensor in answers["vanilla"]["tensors"].items():
            if name in ("out", "x"):
                torch.testing.assert_close(answers["exact dispatch"][name], tensor, rtol=1e-12, atol=1e-13)
