"""Wires made of wires: one per phase, and narrow rows."""

import pytest
import torch

from baselines import FP8Wire, Int8Wire, LatentWire, PerPhaseWire
from lshmoe import ROW_PHASES, MoELayer, NativeWire, exact_dispatch

DIM = 12


def rows(count=20):
    return torch.randn(count, DIM, generator=torch.Generator().manual_seed(0))


def outcome(wire):
    layer = MoELayer(DIM, 16, 4, wire=wire)
    x = rows().requires_grad_()
    out = layer(x)
    out.square().sum().backward()
    return out.detach(), x.grad, dict(layer.traffic.bytes)


def test_each_phase_is_encoded_by_its_own_wire():
    sizes = {"dispatch": DIM + 4, "combine": 2 * DIM, "combine_backward": 4 * DIM, "dispatch_backward": DIM + 4}
    wire = PerPhaseWire(FP8Wire(), NativeWire("bfloat16"), None, Int8Wire())
    _, _, sent = outcome(wire)
    assert sent == {phase: 40 * size for phase, size in sizes.items()}
    assert wire.bytes_per_row(DIM, torch.float32) == sum(sizes.values()) / 4


@pytest.mark.parametrize("phase", ROW_PHASES)
def test_a_wire_in_one_phase_touches_that_phase_alone(phase):
    exact_out, exact_grad, exact_bytes = outcome(None)
    out, grad, sent = outcome(PerPhaseWire(**{phase: Int8Wire()}))
    assert torch.equal(out, exact_out) == phase.endswith("backward")
    assert not torch.equal(grad, exact_grad)
    assert [name for name in ROW_PHASES if sent[name] != exact_bytes[name]] == [phase]


def test_one_wire_in_all_phases_is_that_wire():
    for same, per_phase in zip(outcome(Int8Wire()), outcome(PerPhaseWire(*[Int8Wire()] * 4)), strict=True):
        assert torch.equal(same, per_phase) if isinstance(same, torch.Tensor) else same == per_phase


def test_exact_dispatch_leaves_all_phases_unencoded():
    layer = MoELayer(DIM, 16, 4, wire=PerPhaseWire(Int8Wire(), Int8Wire()))
    with exact_dispatch(layer):
        assert torch.equal(layer(rows()), MoELayer(DIM, 16, 4)(rows()))


def test_a_latent_wire_is_an_orthogonal_projection():
    wire = LatentWire(share=0.3, seed=4)
    x = rows().double()
    (narrow,) = wire.pack(x)
    assert narrow.shape == (20, 4) == (20, wire.width(DIM))
    back = wire.unpack((narrow,), DIM, torch.float64)
    torch.testing.assert_close(wire.unpack(wire.pack(back), DIM, torch.float64), back)
    torch.testing.assert_close((back * (x - back)).sum(), torch.zeros((), dtype=torch.float64), rtol=0, atol=1e-12)
    assert not torch.allclose(LatentWire(share=0.3, seed=5).pack(x)[0], narrow)


def test_a_latent_layer_is_its_experts_between_projections_with_exact_gradients():
    wire = LatentWire(share=0.5)
    layer, plain = MoELayer(DIM, 16, 4, wire=wire).double(), MoELayer(DIM, 16, 4).double()
    projection = wire.unpack(wire.pack(torch.eye(DIM).double()), DIM, torch.float64)
    original = plain.experts.forward
    plain.experts.forward = lambda x, *rest: original(x @ projection, *rest) @ projection
    results = []
    for model in (layer, plain):
        x = rows().double().requires_grad_()
        out = model(x)
        out.square().sum().backward()
        results.append([out, x.grad, *(parameter.grad for parameter in model.parameters())])
    for latent, expected in zip(*results, strict=True):
        torch.testing.assert_close(latent, expected)


def test_a_latent_wire_of_the_whole_width_loses_nothing_and_encodes_by_another_wire():
    x = rows().double()
    whole = LatentWire(share=1.0)
    torch.testing.assert_close(whole.unpack(whole.pack(x), DIM, torch.float64), x)
    quarter = LatentWire(share=0.25, wire=Int8Wire())
    assert quarter.bytes_per_row(DIM, torch.float32) == 3 + 4
    assert sum(part.nbytes for part in quarter.pack(x)) == 20 * 7


@pytest.mark.parametrize("share", [0, -0.5, 1.1])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="share: must be in"):
        LatentWire(share=share)
