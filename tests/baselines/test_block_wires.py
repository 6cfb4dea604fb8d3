"""Wires with a scale per block: against a loop over values, and what they have in common."""

import pytest
import torch

from baselines import BlockInt4Wire, MXFP8Wire, NVFP4Wire
from baselines.wires.blocks import pack_nibbles, unpack_nibbles

WIRES = {"mxfp8": MXFP8Wire(), "nvfp4": NVFP4Wire(), "int4": BlockInt4Wire()}
every_wire = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
E4M3 = [value for value in torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn).tolist() if value == value]
CODES = {
    "mxfp8": E4M3,
    "nvfp4": [sign * value for value in (0, 0.5, 1, 1.5, 2, 3, 4, 6) for sign in (1, -1)],
    "int4": list(range(-7, 8)),
}
BYTES = {"mxfp8": (1, 32, 0), "nvfp4": (0.5, 16, 4), "int4": (0.5, 16, 4)}


def there_and_back(wire, rows):
    return wire.unpack(wire.pack(rows), rows.shape[1], rows.dtype)


def normal(rows, dim, seed=0):
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed))


def slow_scale(name, block, row):
    """The scale of one block of a row, by trying all."""
    largest = max(abs(value) for value in block)
    if name == "mxfp8":
        return min(2.0**exponent for exponent in range(-127, 128) if largest <= 448 * 2.0**exponent)
    limit = max(CODES[name])
    of_row = max(abs(value) for value in row) / (448 * limit) or 1.0
    return of_row * min((abs(scale - largest / of_row / limit), scale) for scale in E4M3 if scale >= 0)[1]


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("dim", [1, 7, 16, 33, 64])
def test_each_value_gets_the_nearest_code_of_its_block(name, dim):
    rows = normal(6, dim) * torch.logspace(-6, 6, 6)[:, None] * torch.logspace(0, 3, dim)
    rows[3] = 0
    rows[4, : dim // 2] = 0
    size = BYTES[name][1]
    for row, received in zip(rows.tolist(), there_and_back(WIRES[name], rows).tolist(), strict=True):
        for start in range(0, dim, size):
            block = row[start : start + size]
            scale = slow_scale(name, block, row)
            for value, back in zip(block, received[start : start + size], strict=True):
                best = min(abs(code * scale - value) for code in CODES[name])
                assert abs(back - value) <= best + 1e-6 * max(abs(value), scale)


@every_wire
def test_ties_go_to_the_even_code(wire):
    ties = {
        MXFP8Wire: ([448, 1.0625, 1.1875, -1.0625], [448, 1.0, 1.25, -1.0]),
        NVFP4Wire: ([6, 0.25, 0.75, 1.25, 2.5, -3.5, -5], [6, 0, 1, 1, 2, -4, -4]),
        BlockInt4Wire: ([7, 0.5, 1.5, -2.5], [7, 0, 2, -2]),
    }
    values, expected = ties[type(wire)]
    assert there_and_back(wire, torch.tensor([values])).tolist() == [expected]


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("dim", [1, 7, 16, 33, 64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bytes_per_row_is_what_is_packed(name, dim, dtype):
    wire, (per_value, size, per_row) = WIRES[name], BYTES[name]
    by_hand = -(-dim * per_value // 1) + -(-dim // size) + per_row
    parts = wire.pack(normal(9, dim).to(dtype))
    assert all(part.shape[0] == 9 for part in parts)
    assert sum(part.nbytes for part in parts) == 9 * by_hand == 9 * wire.bytes_per_row(dim, dtype)


@every_wire
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_non_finite_rows_are_not_hidden_and_spoil_no_other(wire, bad):
    rows = normal(3, 40)
    rows[1, 2] = bad
    finite = there_and_back(wire, rows).isfinite()
    assert finite[[0, 2]].all()
    assert not finite[1, :16].any()


@every_wire
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_zero_and_no_rows(wire, dtype):
    zeros = torch.zeros(3, 37, dtype=dtype)
    assert torch.equal(there_and_back(wire, zeros), zeros)
    assert there_and_back(wire, zeros[:0]).shape == (0, 37)


@every_wire
def test_bfloat16_rows_are_encoded_as_their_values_are(wire):
    rows = normal(20, 37).bfloat16()
    for narrow, wide in zip(wire.pack(rows), wire.pack(rows.float()), strict=True):
        assert torch.equal(narrow, wide)
    assert there_and_back(wire, rows).dtype == torch.bfloat16


@every_wire
def test_the_smallest_and_the_largest_numbers_survive_or_vanish(wire):
    rows = torch.tensor([[3e38, -1e-45], [1e-45, 0.0], [1e-39, -1e-40]])
    received = there_and_back(wire, rows)
    assert received.isfinite().all()
    assert ((received - rows).abs() <= rows.abs().amax(1, keepdim=True) / 8 + 1e-41).all()
    beyond = torch.tensor([[1e300, -1e300]], dtype=torch.float64)
    largest = torch.finfo(torch.float32).max
    torch.testing.assert_close(there_and_back(wire, beyond), beyond.clamp(-largest, largest), rtol=1 / 8, atol=0)


@every_wire
def test_rows_are_encoded_one_by_one_and_an_outlier_spoils_its_block_alone(wire):
    rows = normal(5, 96)
    alone = torch.cat([there_and_back(wire, row[None]) for row in rows])
    assert torch.equal(there_and_back(wire, rows), alone)
    spoiled = rows.clone()
    spoiled[:, 0] = 100
    error = (there_and_back(wire, spoiled) - spoiled).abs()[:, wire.block :]
    # A row's scale lets its blocks' scales be coarser, no more.
    assert (error <= 0.2 * rows.abs().amax()).all()
    assert error.max() < 2 * (alone - rows).abs()[:, wire.block :].max()


@pytest.mark.parametrize("dim", [0, 1, 6, 7])
def test_nibbles_come_back(dim):
    codes = torch.randint(0, 16, (5, dim), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    packed = pack_nibbles(codes)
    assert packed.shape == (5, (dim + 1) // 2)
    assert torch.equal(unpack_nibbles(packed, dim), codes)
