"""Quantising wires: bounded errors, exact special rows, honest byte counts."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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


STOCHASTIC = {
    "e4m3": lambda seed: FP8Wire("e4m3", "stochastic", seed),
    "e5m2": lambda seed: FP8Wire("e5m2", "stochastic", seed),
    "int8": lambda seed: Int8Wire("stochastic", seed),
    "int4": lambda seed: Int4Wire("stochastic", seed),
}


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_rounding_is_unbiased_and_repeatable(name):
    rows = normal(1, 16)
    wire = STOCHASTIC[name]
    draws = torch.stack([there_and_back(wire(seed), rows) for seed in range(400)])
    steps = local_steps(wire(0), rows)
    assert ((draws.mean(0) - rows).abs() < steps * 0.5 * 5 / 400**0.5 + 1e-6).all()
    assert (draws.std(0) / steps).max() > 0.3
    assert torch.equal(there_and_back(wire(3), rows), draws[3])


def local_steps(wire, rows):
    """Distance between the values that a wire can express around each element, in float64."""
    rows = rows.double()
    amax = rows.abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).smallest_normal * 1e-7)
    if not isinstance(wire, FP8Wire):
        return amax / wire.limit + 0 * rows
    info = torch.finfo(wire.dtype)
    mantissa_bits = {"e4m3": 3, "e5m2": 2}[wire.format]
    _, exponent = torch.frexp((rows / amax * wire.limit).abs().clamp(min=info.smallest_normal))
    return 2.0 ** (exponent - 1 - mantissa_bits) * amax / wire.limit


finite_rows = st.integers(1, 9).flatmap(
    lambda dim: st.lists(
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=dim, max_size=dim), max_size=6
    ).map(lambda rows: torch.tensor(rows, dtype=torch.float32).view(-1, dim))
)
PROPERTIES = {
    **{f"{name} stochastic": (make(1), 1.0) for name, make in STOCHASTIC.items()},
    "e4m3": (FP8Wire("e4m3"), 0.5),
    "e5m2": (FP8Wire("e5m2"), 0.5),
    "int8": (Int8Wire(), 0.5),
    "int4": (Int4Wire(), 0.5),
}


@pytest.mark.parametrize(("wire", "steps"), PROPERTIES.values(), ids=PROPERTIES)
@settings(max_examples=60, deadline=None)
@given(rows=finite_rows)
def test_any_finite_row_comes_back_within_a_step_of_its_scale(wire, steps, rows):
    parts = wire.pack(rows)
    assert sum(part.nbytes for part in parts) == rows.shape[0] * wire.bytes_per_row(rows.shape[1], rows.dtype)
    error = (wire.unpack(parts, rows.shape[1], rows.dtype).double() - rows.double()).abs()
    # float32 itself rounds on the way, by its own last place and at worst by the smallest subnormal number.
    own_rounding = 1e-6 * rows.double().abs().amax(1, keepdim=True) + 3e-45
    assert (error <= steps * local_steps(wire, rows) * (1 + 1e-5) + own_rounding).all()


@pytest.mark.parametrize(("wire", "steps"), PROPERTIES.values(), ids=PROPERTIES)
@settings(max_examples=30, deadline=None)
@given(
    value=st.floats(width=32, allow_nan=False, allow_infinity=False),
    signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=1, max_size=9),
)
def test_rows_of_one_magnitude_are_exact(wire, steps, value, signs):
    row = value * torch.tensor([signs])
    assert torch.equal(there_and_back(wire, row), row)


@pytest.mark.parametrize("wire", NEAREST, ids=lambda wire: type(wire).__name__)
@settings(max_examples=30, deadline=None)
@given(rows=finite_rows, seed=st.integers(0, 10**6))
def test_rows_are_encoded_one_by_one(wire, rows, seed):
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    for part, permuted in zip(wire.pack(rows), wire.pack(rows[order]), strict=True):
        assert torch.equal(permuted, part[order])


@every_wire
def test_float64_rows_beyond_float32_saturate(wire, bound):
    rows = torch.tensor([[1e300, -1e300], [1e-300, -1e-310], [1.0, -0.5]], dtype=torch.float64)
    largest = torch.finfo(torch.float32).max
    expected = torch.tensor([[largest, -largest], [0.0, 0.0]], dtype=torch.float64)
    assert torch.equal(there_and_back(wire, rows)[:2], expected)


def test_every_e4m3_code_decodes_as_torch_does():
    codes = torch.arange(256, dtype=torch.uint8)[:, None]
    finite = codes.view(torch.float8_e4m3fn).float().isfinite().flatten()
    codes = codes[finite]
    decoded = FP8Wire("e4m3").unpack((codes, torch.full((len(codes), 1), 448.0)), 1, torch.float32)
    torch.testing.assert_close(decoded, codes.view(torch.float8_e4m3fn).float(), rtol=1e-6, atol=0)
    assert len(codes) == 254


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
