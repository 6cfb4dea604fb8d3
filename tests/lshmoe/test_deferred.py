"""Models made without memory or values, and filled later."""

from typing import Any

import pytest
import torch

from baselines import RandomClusters
from lshmoe import CrossPolytopeHash, MoELayer, SphericalPlaneHash, lsh_reduction

DIM = 64
FAMILIES: dict[str, dict[str, Any]] = {
    "dense": {},
    "gaussian": {"rotation": "gaussian"},
    "shared": {"coordinates": DIM},
    "hadamard": {"rotation": "hd3"},
    "planes": {"family": "spherical_plane", "planes": 4},
}


def layer_of(family: str, seed: int = 0) -> MoELayer:
    return MoELayer(DIM, 32, 4, reduction=lsh_reduction(DIM, num_hashes=2, **FAMILIES[family]), seed=seed)


def same(layer: MoELayer, other: MoELayer) -> bool:
    x = torch.randn(256, DIM, generator=torch.Generator().manual_seed(1))
    return torch.equal(layer(x), other(x)) and layer.traffic.rows_sent == other.traffic.rows_sent > 0


@pytest.mark.parametrize("way", ["load_state_dict", "assign", "reset_parameters", "to_empty of a real layer"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_made_on_the_meta_device_becomes_the_real_one(family, way):
    expected = layer_of(family)
    if way == "to_empty of a real layer":
        layer = layer_of(family, seed=1)
    else:
        with torch.device("meta"):
            layer = layer_of(family)
    if way != "assign":
        layer.to_empty(device="cpu")
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.fill_(float("nan"))
    if way == "reset_parameters":
        for module in layer.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    else:
        layer.load_state_dict(expected.state_dict(), assign=way == "assign")
    assert same(layer, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_casting_keeps_the_rotations(family):
    rows = torch.randn(64, DIM)
    hash = layer_of(family).reduction.hash
    expected = hash(rows)
    assert torch.equal(hash.double().float()(rows), expected)
    assert isinstance(hash, CrossPolytopeHash | SphericalPlaneHash)


def test_shards_say_which_experts_they_hold():
    layer = MoELayer(16, 24, 4)
    state = layer.state_dict()
    assert state["experts.expert_ids"].tolist() == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "experts.expert_ids"'):
        layer.load_state_dict({name: value for name, value in state.items() if "expert_ids" not in name})
    wrong = state | {"experts.expert_ids": torch.tensor([4, 5, 6, 7])}
    for strict in (True, False):
        with pytest.raises(RuntimeError, match=r"holds experts \[4, 5, 6, 7\], this rank holds \[0, 1, 2, 3\]"):
            layer.load_state_dict(wrong, strict=strict)


def test_the_calls_of_a_drawing_reduction_are_part_of_the_state():
    layer = MoELayer(16, 24, 4, reduction=RandomClusters(16))
    layer(torch.randn(8, 16))
    assert int(layer.state_dict()["reduction.calls"]) == 1
