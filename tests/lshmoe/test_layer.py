"""The layer on one process: against a loop-based reference, its options and its errors."""

import pytest
import torch

from lshmoe import (
    IdentityReduction,
    LSHReduction,
    MoELayer,
    NativeWire,
    NonFiniteRowError,
    exact_dispatch,
    lsh_reduction,
    moe_layers,
)
from tests.lshmoe.reference import reference_forward


def double(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class SingletonHash(torch.nn.Module):
    def forward(self, rows_RD: torch.Tensor) -> torch.Tensor:
        return torch.arange(rows_RD.shape[0])[:, None]


@pytest.mark.parametrize("top_k", [1, 2, 3])
@pytest.mark.parametrize("method", ["vanilla", "lsh", "lsh without compensation"])
def test_outputs_and_all_gradients_match_the_reference(method, top_k):
    compensation = method == "lsh"
    reduction = None
    if method != "vanilla":
        reduction = lsh_reduction(8, num_hashes=2, coordinates=2, error_compensation=compensation)
    layer = MoELayer(8, 12, 4, top_k, reduction).double()
    x, grad = double(40, 8).requires_grad_(), double(40, 8, seed=1)

    def run(forward):
        out, balance = forward()
        names = ["x", *(name for name, _ in layer.named_parameters())]
        gradients = torch.autograd.grad((out * grad).sum() + balance, [x, *layer.parameters()])
        return {"out": out, "balance": balance, **dict(zip(names, gradients, strict=True))}

    actual = run(lambda: (layer(x), layer.balance_loss))
    expected = run(lambda: reference_forward(layer, x))
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(actual[name], value, msg=lambda m, n=name: f"{n}: {m}")
    if method != "vanilla":
        assert layer.traffic.rows_sent < layer.traffic.rows_routed


@pytest.mark.parametrize("error_compensation", [False, True])
def test_all_singleton_clusters_are_vanilla(error_compensation):
    x = double(30, 8)
    vanilla = MoELayer(8, 12, 4).double()
    singles = MoELayer(8, 12, 4, reduction=LSHReduction(SingletonHash(), error_compensation)).double()
    # Clusters come in another order than rows, and on some processors a matrix product rounds by a row's place.
    torch.testing.assert_close(singles(x), vanilla(x), rtol=0, atol=1e-14)


def test_shape_is_kept_and_traffic_adds_up_until_reset():
    layer = MoELayer(8, 12, 4)
    x = torch.randn(2, 5, 8)
    assert layer(x).shape == x.shape
    layer(x)
    assert layer.traffic.rows_routed == layer.traffic.rows_sent == 2 * 10 * 2
    assert layer.traffic.bytes["dispatch"] == 2 * 20 * 8 * 4
    assert layer.traffic.remote_bytes["dispatch"] == 0
    layer.traffic.reset()
    assert layer.traffic.rows_routed == sum(layer.traffic.bytes.values()) == sum(layer.traffic.seconds.values()) == 0


def test_capacity_keeps_the_first_rows_of_each_expert():
    layer = MoELayer(8, 12, 4, top_k=1, capacity_factor=0.5).double()
    full = MoELayer(8, 12, 4, top_k=1).double()
    x = double(40, 8)
    out, expected = layer(x), full(x)
    experts = layer.gate(x)[0].flatten().tolist()
    seen = dict.fromkeys(range(4), 0)
    for n, expert in enumerate(experts):
        kept = seen[expert] < 5  # ceil(0.5 * 40 * 1 / 4)
        seen[expert] += 1
        torch.testing.assert_close(out[n], expected[n] if kept else torch.zeros_like(out[n]))
    assert max(seen.values()) > 5
    assert layer.traffic.rows_sent == sum(min(count, 5) for count in seen.values())


def test_exact_dispatch_is_vanilla_inside_and_restores_even_after_an_error():
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=1), wire=NativeWire("bfloat16"))
    model, vanilla, x = torch.nn.Sequential(layer), MoELayer(8, 12, 4), torch.randn(40, 8)
    reduction, wire = layer.reduction, layer.exchange.wire

    def fail_inside():
        with exact_dispatch(model):
            assert isinstance(layer.reduction, IdentityReduction)
            assert torch.equal(model(x), vanilla(x))
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert layer.reduction is reduction
    assert layer.exchange.wire is wire
    assert not torch.equal(model(x), vanilla(x))
    assert moe_layers(model) == [layer]


def test_non_finite_rows_are_refused_only_when_asked():
    x = torch.randn(6, 8)
    x[2, 3], x[4, 1] = float("inf"), float("nan")
    with pytest.raises(NonFiniteRowError, match=r"blocks\.1, rank 0: 2 of 6 rows"):
        MoELayer(8, 12, 4, check_finite=True, name="blocks.1")(x)
    MoELayer(8, 12, 4)(x)
    # A sum that overflows is not a row that does.
    MoELayer(8, 12, 4, check_finite=True)(torch.full((6, 8), 3e38))


@pytest.mark.parametrize("reduction", [None, "lsh"])
def test_bfloat16_autocast_on_cpu(reduction):
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=2) if reduction else None)
    x = torch.randn(20, 8, requires_grad=True)
    exact = layer(x)
    layer.traffic.reset()
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(x)
    assert out.dtype == torch.float32
    assert layer.traffic.bytes["dispatch"] == layer.traffic.rows_sent * 8 * 2
    if reduction is None:
        torch.testing.assert_close(out, exact, rtol=0.05, atol=0.05)
    out.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in [x, *layer.parameters()])
    assert layer.experts.w1_LDF.grad.dtype == torch.float32


@pytest.mark.parametrize("method", ["vanilla", "lsh"])
@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_forward_and_backward(rows, method):
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8) if method == "lsh" else None)
    x = torch.randn(rows, 8, requires_grad=True)
    out = layer(x)
    (out.sum() + layer.balance_loss).backward()
    assert out.shape == (rows, 8)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in [x, *layer.parameters()])


def test_a_thousand_equal_rows_send_one_per_chosen_expert():
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8)).double()
    x = double(1, 8).expand(1000, 8).clone().requires_grad_()
    out = layer(x)
    assert layer.traffic.rows_sent == 2
    torch.testing.assert_close(out, MoELayer(8, 12, 4).double()(x))
    out.sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"top_k": 5}, "top_k"),
        ({"capacity_factor": 0}, "capacity_factor"),
        ({"activation": "tanh"}, "activation"),
    ],
)
def test_bad_options_are_named(options, field):
    with pytest.raises(ValueError, match=field):
        MoELayer(8, 12, 4, **options)


def test_unknown_wire_type_is_named():
    with pytest.raises(ValueError, match="dtype"):
        NativeWire("int3")


@pytest.mark.parametrize("method", ["vanilla", "lsh"])
def test_tokens_that_are_not_routed_might_as_well_not_be_there(method):
    def layer():
        return MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=2) if method == "lsh" else None).double()

    x, kept = double(20, 8), torch.arange(20) % 3 > 0
    masked, alone = layer(), layer()
    masked.routed_N = kept
    out, expected = masked(x), alone(x[kept])
    assert torch.equal(out[kept], expected) and not out[~kept].any()
    assert torch.equal(masked.balance_loss, alone.balance_loss)
    assert masked.traffic.rows_routed == 2 * int(kept.sum())
    with pytest.raises(ValueError, match="routed_N: 20 entries for 10 tokens"):
        masked(x[:10])


def test_observers_see_which_token_each_row_is_and_what_stands_for_it():
    layer, seen = MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=2, coordinates=2)).double(), []
    layer.observers.append(seen.append)
    x = double(20, 8)
    layer.routed_N = torch.arange(20) % 2 == 0
    layer(x)
    (routing,) = seen
    assert torch.equal(routing.rows_RD, x[routing.token_R])
    assert routing.num_sent == layer.traffic.rows_sent == int(routing.assignment_R.max()) + 1
    assert (routing.token_R % 2 == 0).all() and int(routing.counts_E.sum()) == 20
