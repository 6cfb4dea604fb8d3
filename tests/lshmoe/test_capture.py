"""Rows taken out of a model are those that its layers routed, with the experts that they went to."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from lshmoe import MoELayer, Routing, lsh_reduction
from lshmoe.integrations.capture import capture


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [MoELayer(16, 32, 4), nn.ReLU(), MoELayer(16, 32, 4, reduction=lsh_reduction(16))]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("name", ["rows.pt", "rows.safetensors"])
def test_rows_and_experts_of_every_layer(model: nn.Sequential, tmp_path: Path, name: str) -> None:
    seen: list[Routing] = []
    model[0].observers.append(seen.append)
    with capture(model, tmp_path / name):
        model(torch.randn(8, 16))
        model(torch.randn(4, 16))
    read = load_file if name.endswith("safetensors") else torch.load
    found = read(tmp_path / name)
    assert set(found) == {"0.rows", "0.experts", "2.rows", "2.experts"}
    assert torch.equal(found["0.rows"], torch.cat([routing.rows_RD for routing in seen]))
    for routing, experts in zip(seen, found["0.experts"].split([16, 8]), strict=True):
        assert torch.equal(torch.bincount(experts, minlength=4), routing.counts_E)
    assert found["2.rows"].shape == (24, 16)  # what was routed, not what was sent
    assert model[2].observers == []


def test_no_more_rows_than_wanted_and_from_all_experts(model: nn.Sequential, tmp_path: Path) -> None:
    with capture(model, tmp_path / "rows.pt", most_rows=20):
        for _ in range(3):
            model(torch.randn(64, 16))
    found = torch.load(tmp_path / "rows.pt")
    assert found["0.rows"].shape == (20, 16)
    assert set(found["0.experts"].tolist()) == {0, 1, 2, 3}


def test_rows_are_written_although_the_model_fails(model: nn.Sequential, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="takes tokens of width"), capture(model, tmp_path / "rows.pt"):
        model(torch.cat([model(torch.randn(8, 16)), torch.randn(8, 1)], 1))
    assert torch.load(tmp_path / "rows.pt")["0.rows"].shape == (16, 16)


def test_bad_arguments_are_named(model: nn.Sequential, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"path: rows\.npy ends neither in \.pt nor in \.safetensors"):
        capture(model, tmp_path / "rows.npy").__enter__()
    with pytest.raises(ValueError, match="layers: there is no MoE layer"):
        capture(nn.Linear(2, 2), tmp_path / "rows.pt").__enter__()
