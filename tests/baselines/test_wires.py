"""Quantising wires: bounded errors, exact special rows, honest byte counts."""

import pytest
import torch

from baselines import FP8Wire, Int4Wire, Int8Wire
from lshmoe import MoELayer

# Largest error of an element, as a share of its row's largest magnitude.
WIRES = {
    "e4m3": (FP8Wire("e4m3"), 2**-4),
    "e5m2": (FP8Wire("e5m2"), 2**-3),
    "int8": (Int8Wire(), 1 / 254),
    "int4": (Int4Wire(), 1 / 14),
    "int8 stochastic": (Int8Wire(rounding="stochastic"), 1 / 127),
    "int4 stochastic": (Int4Wire(rounding="stochastic"), 1 / 7),
}
every_wire = pytest.mark.parametrize(("wire", "bound"), WIRES.values(), ids=WIRES)
NEAREST = [wire for name, (wire, _) in WIRES.items() if "stochastic" not in name]


def there_and_back(wire, rows):
    return wire.unpack(wire.pack(rows), rows.shape[1], rows.dtype)


def normal(rows, dim, seed=0):
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed))


@every_wire
@pytest.mark.parametrize("dim", [1, 7, 16])
def test_the_error_stays_below_the_bound(wire, bound, dim):
    rows = normal(200, dim) * torch.logspace(-6, 6, 200)[:, None]
    error = (there_and_back(wire, rows) - rows).abs()
    assert (error <= rows.abs().amax(1, keepdim=True) * bound * (1 + 1e-5)).all()
    if dim == 16:
        assert error.max() > 0


@every_wire
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_constant_and_zero_rows_are_exact(wire, bound, dtype):
    values = torch.tensor([0.0, 0.1, -0.3, 1e-20, 3e8], dtype=torch.bfloat16)
    rows = values[:, None].repeat(1, 5).to(dtype)
    assert torch.equal(there_and_back(wire, rows), rows)


@pytest.mark.parametrize(("format", "step"), [("e4m3", 2**-4), ("e5m2", 2**-3)])
def test_fp8_has_a_relative_error_per_element(format, step):
    rows = torch.rand(100, 16, generator=torch.Generator().manual_seed(1)) + 0.01
    assert ((there_and_back(FP8Wire(format), rows) - rows).abs() <= rows * step * 1.001).all()


@every_wire
@pytest.mark.parametrize("dim", [1, 7, 16])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bytes_per_row_is_what_is_packed(wire, bound, dim, dtype):
    parts = wire.pack(normal(9, dim).to(dtype))
    assert all(part.shape[0] == 9 for part in parts)
    assert sum(part.nbytes for part in parts) == 9 * wire.bytes_per_row(dim, dtype)


@every_wire
def test_no_rows(wire, bound):
    assert there_and_back(wire, torch.zeros(0, 7)).shape == (0, 7)


@every_wire
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_non_finite_rows_are_not_hidden_and_spoil_no_other(wire, bound, bad):
    rows = normal(3, 8)
    rows[1, 2] = bad
    finite = there_and_back(wire, rows).isfinite()
    assert finite[[0, 2]].all()
    assert not finite[1].all()


@pytest.mark.parametrize("kind", [Int8Wire, Int4Wire])
def test_stochastic_rounding_is_unbiased_and_repeatable(kind):
    rows = normal(1, 16)
    draws = torch.stack([there_and_back(kind(rounding="stochastic", seed=seed), rows) for seed in range(400)])
    quantum = rows.abs().max() / (127 if kind is Int8Wire else 7)
    assert ((draws.mean(0) - rows).abs() < quantum * 0.5 * 5 / 400**0.5).all()
    assert draws.std(0).max() > 0.3 * quantum
    assert torch.equal(there_and_back(kind(rounding="stochastic", seed=3), rows), draws[3])


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="format: 'e3m4'"):
        FP8Wire("e3m4")
    with pytest.raises(ValueError, match="rounding: 'up'"):
        Int8Wire("up")


@pytest.mark.parametrize("wire", NEAREST, ids=lambda wire: type(wire).__name__)
def test_a_layer_rounds_and_meters_with_the_wire(wire):
    x = normal(32, 7).requires_grad_()
    exact, rounded = MoELayer(7, 8, 4), MoELayer(7, 8, 4, wire=wire)
    difference = (rounded(x) - exact(x)).abs().max()
    assert 0 < difference < 0.5
    rounded(x).sum().backward()
    assert x.grad.isfinite().all()
    rounded.traffic.reset()
    rounded(x)
    assert rounded.traffic.bytes["dispatch"] == 64 * wire.bytes_per_row(7, torch.float32)
