import pytest
import torch
import torch.distributed as dist

from lshmoe import exact_dispatch, expert_parameters, moe_layers
from suite.cluster.member import ALONE
from suite.measurement.divergence import Pass, compare, run_pass
from suite.measurement.probe_worker import put_on
from suite.records.vocabulary import COMPARED
from tests.ranks import run_ranks
from tests.suite.builders.tiny_hosts import HOSTS, loss_of, part


def passed(values):
    tensors = [torch.tensor(values)]
    return Pass(1.0, tensors, tensors, tensors, tensors)


def test_errors_by_hand():
    found = compare(passed([3.0, 4.0]), passed([3.0, 0.0]))
    assert set(found) == set(COMPARED)
    assert found["output"] == pytest.approx({"relative_error": 4 / 3, "cosine": 3 / 5})
    opposite = compare(passed([-1.0, 0.0]), passed([1.0, 0.0]))["dense_gradient"]
    assert opposite == pytest.approx({"relative_error": 2, "cosine": -1})


@pytest.mark.parametrize("name", ["gpt_moe", "gpt_moe, classifying", "t5_moe"])
def test_a_pass_gives_the_loss_s_gradients_and_leaves_the_model_alone(name):
    host = HOSTS[name]
    model, batch = host.build().eval(), host.batch(0)
    before = [p.detach().clone() for p in model.parameters()]
    found = run_pass(model, batch, host.config())
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(before, model.parameters(), strict=True))
    loss = loss_of(model, batch)
    loss.backward()
    assert found.loss == pytest.approx(loss.item(), rel=1e-6)
    experts = expert_parameters(model)
    parameters = [p for name, p in model.named_parameters() if name not in experts]
    dense = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    for mine, expected in zip(found.dense_gradient, dense, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-7)
    assert found.output[0].mean(-1).abs().max() < 1e-5  # centred
    assert not moe_layers(model)[0]._forward_hooks


def test_methods_are_put_on_in_place_and_vanilla_has_no_error():
    host = HOSTS["gpt_moe"]
    model, batch = host.build("method=vanilla").eval(), host.batch(0)
    with exact_dispatch(model):
        exact = run_pass(model, batch, host.config())
    errors = {}
    for method, seed in (("vanilla", 0), ("lsh", 0), ("lsh", 1), ("int8", 0), ("lsh", 0)):
        put_on(model, host.config(f"method={method}").method, seed, ALONE)
        found = compare(run_pass(model, batch, host.config()), exact)
        errors.setdefault((method, seed), []).append(found["expert_gradient"]["relative_error"])
    assert errors["vanilla", 0] == [0.0]
    assert 0 < errors["int8", 0][0] < min(errors["lsh", 0][0], errors["lsh", 1][0])
    assert errors["lsh", 0][0] == errors["lsh", 0][1] != errors["lsh", 1][0]


def pass_and_error(name):
    """Loss and dense gradient of exact dispatch on this rank's part of a batch, and the errors of int8 against it."""
    host = HOSTS[name]
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    model = host.build("method=vanilla").eval()
    exact = run_pass(model, part(host.batch(0), rank, world), host.config())
    put_on(model, host.config("method=int8").method, 0, ALONE)
    errors = compare(run_pass(model, part(host.batch(0), rank, world), host.config()), exact)
    return exact.loss, exact.dense_gradient, errors


def test_two_ranks_find_what_one_process_finds():
    alone, (first, second) = pass_and_error("gpt_moe"), run_ranks(2, pass_and_error, "gpt_moe")
    assert first[0] == second[0] == pytest.approx(alone[0], rel=1e-6)
    for mine, expected in zip(first[1], alone[1], strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-7)
    assert first[2] == second[2]
    for quantity in COMPARED:  # rows are rounded one by one, wherever they are
        assert first[2][quantity]["relative_error"] == pytest.approx(alone[2][quantity]["relative_error"], rel=1e-2)
