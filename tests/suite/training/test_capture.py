"""Captured rows: of whole experts where they fit, with what says where each came from, on the steps asked for."""

from pathlib import Path
from types import SimpleNamespace

import torch

from lshmoe import MoELayer, Reduction, lsh_reduction
from suite.records.run_folder import RunFolder
from suite.training.capture import Capture


def captured(folder: Path, rows: int, reduction: Reduction | None = None) -> tuple[MoELayer, torch.Tensor]:
    """Run three steps of one layer, capturing the second; returns the layer and that step's tokens."""
    layer = MoELayer(8, 16, 4, reduction=reduction, name="decoder.1")
    options = SimpleNamespace(every=2, rows=rows)
    trainer = SimpleNamespace(config=SimpleNamespace(capture=options), layers=[layer], rank=0)
    capture = Capture(trainer, RunFolder(folder))  # type: ignore[arg-type]
    for step in range(1, 4):
        tokens = torch.randn(40, 8, generator=torch.Generator().manual_seed(step))
        with capture.step(step):
            layer(tokens)
    assert not layer.observers
    return layer, torch.randn(40, 8, generator=torch.Generator().manual_seed(2))


def test_rows_are_those_of_their_tokens_and_of_whole_experts(tmp_path: Path) -> None:
    layer, tokens = captured(tmp_path, rows=50)
    (path,) = (tmp_path / "captures").iterdir()
    assert path.name == "step000002.rank0.pt"
    sample = torch.load(path, weights_only=True)["layers"]["decoder.1"]
    assert torch.equal(sample["rows"], tokens[sample["token"]])
    ids = layer.gate(tokens)[0]
    for expert in sample["expert"].unique().tolist():
        assert int((sample["expert"] == expert).sum()) == int((ids == expert).sum())
    assert 0 < len(sample["rows"]) <= 50


def test_rows_of_one_cluster_share_its_number(tmp_path: Path) -> None:
    captured(tmp_path, rows=80, reduction=lsh_reduction(8, num_hashes=1, coordinates=2))
    (path,) = (tmp_path / "captures").iterdir()
    sample = torch.load(path, weights_only=True)["layers"]["decoder.1"]
    assert len(sample["rows"]) == 80
    experts_per_cluster = {
        cluster: set(sample["expert"][sample["cluster"] == cluster].tolist())
        for cluster in sample["cluster"].unique().tolist()
    }
    assert len(experts_per_cluster) < 80
    assert all(len(experts) == 1 for experts in experts_per_cluster.values())


def test_an_expert_too_large_for_the_sample_is_cut(tmp_path: Path) -> None:
    captured(tmp_path, rows=5)
    (path,) = (tmp_path / "captures").iterdir()
    sample = torch.load(path, weights_only=True)["layers"]["decoder.1"]
    assert len(sample["rows"]) == 5 and len(sample["expert"].unique()) == 1
