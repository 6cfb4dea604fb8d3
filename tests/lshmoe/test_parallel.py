"""Data parallelism around expert parallelism: which gradients are averaged over whom, and what is refused."""

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from lshmoe import MoELayer, clip_grad_norm, data_parallel, expert_parameters
from tests.lshmoe import parallel_jobs
from tests.ranks import run_ranks


@pytest.fixture(scope="module")
def two_ranks() -> list[dict[str, Any]]:
    return run_ranks(2, parallel_jobs.two_ranks)


@pytest.fixture(scope="module")
def four_ranks() -> list[dict[str, Any]]:
    return run_ranks(4, parallel_jobs.four_ranks)


def shard(state: dict[str, Any], rank: int, of: int) -> dict[str, Any]:
    return {name: value.chunk(of)[rank] if ".experts." in name else value for name, value in state.items()}


@pytest.mark.parametrize(
    "case",
    ["2 ranks", "2 ranks, copied model", "2 x 2 ranks", "4 ranks with all experts each", *parallel_jobs.EXCHANGES],
)
def test_training_does_not_depend_on_how_ranks_share_the_experts(two_ranks, four_ranks, case):
    single, norms = parallel_jobs.trained()
    results, of = {
        "2 ranks": ([rank["trained"] for rank in two_ranks], 2),
        "2 ranks, copied model": ([rank["copied"] for rank in two_ranks], 2),
        "2 x 2 ranks": ([rank["trained"] for rank in four_ranks], 2),
        "4 ranks with all experts each": ([rank["alone"] for rank in four_ranks], 1),
        **{name: ([rank["other paths"][name] for rank in four_ranks], 2) for name in parallel_jobs.EXCHANGES},
    }[case]
    for number, (state, found) in enumerate(results):
        assert found == pytest.approx(norms, rel=1e-9)
        torch.testing.assert_close(state, OrderedDict(shard(single, number % of, of)), rtol=1e-9, atol=1e-12)


def test_experts_train_where_nothing_else_does(four_ranks):
    single = parallel_jobs.model_of()
    single[0].requires_grad_(False)
    single[1].gate.requires_grad_(False)
    parallel_jobs.train(single, single)
    for number, rank in enumerate(four_ranks):
        torch.testing.assert_close(rank["only experts train"], OrderedDict(shard(single.state_dict(), number % 2, 2)))


def test_copies_that_nothing_averages_are_refused_in_training_only(four_ranks):
    for rank in four_ranks:
        assert "nothing averages the gradients of its experts" in rank["unwrapped"]
        assert rank["evaluated"] == "no error"


def test_groups_that_do_not_fit_are_refused(four_ranks):
    for number, rank in enumerate(four_ranks):
        assert "expert-parallel groups [(0,), (1, 2, 3)] do not divide the ranks [0, 1, 2, 3] evenly" in rank["uneven"]
        assert ("this process is not in it" in rank["not mine"]) == (number > 0)


def test_a_copy_shares_process_groups_which_cannot_be_pickled(four_ranks):
    for rank in four_ranks:
        assert rank["copies share"]
        assert "save its state_dict() instead" in rank["pickled"]


def test_a_model_made_before_the_process_group_is_refused(two_ranks):
    for number, rank in enumerate(two_ranks):
        assert len(rank["early"]) == 2 + len(parallel_jobs.EXCHANGES)
        for text in rank["early"]:
            assert f"made as rank 0 of 1 is used as rank {number} of 2" in text


def test_a_parameter_is_either_an_expert_s_or_shared_by_ranks(two_ranks):
    for rank in two_ranks:
        assert rank["tied"] == (
            "ValueError: model: 2.bias is also the parameter of an expert; a parameter is either replicated or not"
        )


def test_an_overflow_in_one_rank_s_expert_skips_the_step_everywhere(two_ranks):
    first, second = (rank["scaler"] for rank in two_ranks)
    assert [scale for scale, _, _ in first] == [scale for scale, _, _ in second] == [8, 8, 4, 4]
    for steps in (first, second):
        assert torch.equal(steps[2][2], steps[1][2])
        assert not torch.equal(steps[3][2], steps[2][2])
        assert all(weights.isfinite().all() for _, _, weights in steps)
    assert all(torch.equal(a[1], b[1]) for a, b in zip(first, second, strict=True))


def test_recompute_and_sixteen_bit_types_work_over_ranks(two_ranks):
    for rank in two_ranks:
        assert rank["recompute"]
        assert rank["half"] and all(rank["half"].values())


def test_experts_of_another_rank_are_not_loaded(two_ranks):
    assert two_ranks[0]["state"] == "no error"
    assert "1.experts.expert_ids: the state dict holds experts [0, 1], this rank holds [2, 3]" in two_ranks[1]["state"]


def layer_in(change: str) -> nn.Module:
    layer = MoELayer(8, 12, 4)
    if change == "load_state_dict(assign=True)":
        layer.load_state_dict(MoELayer(8, 12, 4, seed=1).state_dict(), assign=True)
    if change == "to_empty":
        with torch.device("meta"):
            layer = MoELayer(8, 12, 4)
        layer.to_empty(device="cpu")
    if change == "parametrisation":
        parametrizations.weight_norm(layer.experts, "w1_LDF")
    if change == "clone":
        encoder = nn.TransformerEncoderLayer(8, 2, 12)
        encoder.linear1, encoder.linear2 = layer, nn.Identity()
        return nn.TransformerEncoder(encoder, 1, enable_nested_tensor=False)
    return layer


@pytest.mark.parametrize("change", ["none", "load_state_dict(assign=True)", "to_empty", "parametrisation", "clone"])
def test_experts_are_known_by_their_module(change):
    model = layer_in(change)
    found = {name: id(parameter) for name, parameter in expert_parameters(model).items()}
    assert found == {name: id(p) for name, p in model.named_parameters() if "experts." in name}
    assert len(found) == (5 if change == "parametrisation" else 4)


def test_tied_layers_count_once():
    layer = MoELayer(8, 12, 4)
    model = nn.ModuleDict({"first": layer, "second": layer})
    assert len(expert_parameters(model)) == 8
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    expected = sum(parameter.numel() for parameter in model.parameters()) ** 0.5
    assert float(clip_grad_norm(model, 1e9)) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("value", [100.0, 300.0, 10000.0])
def test_clipping_reaches_the_norm_in_every_type(dtype, value):
    model = nn.ModuleList([nn.Linear(4, 4).to(dtype), nn.Linear(4, 4).double()])
    model[0].weight.grad = torch.zeros(4, 4, dtype=dtype)
    model[0].weight.grad[0] = value
    given = model[0].weight.grad.double().norm()
    assert float(clip_grad_norm(model, 1.0)) == pytest.approx(float(given), rel=1e-6)
    torch.testing.assert_close(model[0].weight.grad[0], torch.full((4,), 0.5, dtype=dtype))


def test_clipping_asks_for_the_model():
    with pytest.raises(TypeError, match="takes the model"):
        clip_grad_norm(nn.Linear(2, 2).parameters(), 1.0)
    assert data_parallel(model := nn.Linear(2, 2)) is model
