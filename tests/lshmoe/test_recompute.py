"""Activation recompute: gradients, balance loss, meters and draws are those of a pass that keeps its activations."""

from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import baselines
from lshmoe import MoELayer, lsh_reduction, moe_layers
from lshmoe.integrations.surgery import replace_ffn

DIM = 16
REDUCTIONS: dict[str, Callable[[], Any]] = {
    "vanilla": lambda: None,
    "lsh": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2),
    "lsh, learned": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2, error_compensation="learned"),
    "lsh, estimated": lambda: lsh_reduction(DIM, num_hashes=2, coordinates=2, error_compensation="estimated"),
    "random": lambda: baselines.RandomClusters(DIM, rate=[(0, 0.3), (1, 0.6)]),
    "dropping": lambda: baselines.RowDropping(DIM, rate=0.3),
    "kmeans": lambda: baselines.KMeans(DIM, rate=0.3),
    "condensation": lambda: baselines.Condensation(DIM, threshold=0.3),
    "condensation, rate": lambda: baselines.Condensation(DIM, rate=0.3),
    "merging": lambda: baselines.BipartiteMerging(DIM, rate=0.3),
}
WIRES: dict[str, Callable[[], Any]] = {
    "native": lambda: None,
    "int8, stochastic": lambda: baselines.Int8Wire(rounding="stochastic"),
    "fp8": baselines.FP8Wire,
    "int4": baselines.Int4Wire,
    "int4, blocks": baselines.BlockInt4Wire,
    "mxfp8": baselines.MXFP8Wire,
    "nvfp4": baselines.NVFP4Wire,
    "latent": lambda: baselines.LatentWire(0.5),
    "per phase": lambda: baselines.PerPhaseWire(
        *(baselines.Int8Wire(rounding="stochastic") if number % 2 else baselines.FP8Wire() for number in range(4))
    ),
}


def model_of(reduction: Any = None, wire: Any = None) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(DIM, DIM), MoELayer(DIM, 24, 4, reduction=reduction, wire=wire))


def tokens(seed: int) -> torch.Tensor:
    return torch.randn(64, DIM, generator=torch.Generator().manual_seed(seed))


def gradients(model: nn.Sequential, run: Callable[..., torch.Tensor], batches: list[int]) -> list[torch.Tensor]:
    """Forward passes of all batches, then one backward pass."""
    x = [tokens(seed).requires_grad_() for seed in batches]
    losses = [run(model, one).square().sum() + 10 * model[1].balance_loss for one in x]
    sum(losses).backward()
    return [*(one.grad for one in x), *(parameter.grad for parameter in model.parameters())]


def recomputed(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return checkpoint(model, x, use_reentrant=False)


def meters(model: nn.Sequential) -> tuple[Any, ...]:
    traffic = model[1].traffic
    return traffic.rows_routed, traffic.rows_sent, traffic.bytes, traffic.remote_bytes, set(traffic.seconds)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_recompute_changes_nothing(name, wire):
    kept, again = (model_of(REDUCTIONS[name](), WIRES[wire]()) for _ in "ab")
    seen = []
    again[1].observers.append(seen.append)
    # Two passes before the backward pass, which recomputes the last one first; then another step.
    for batches in ([0, 1], [2]):
        expected = gradients(kept, lambda model, x: model(x), batches)
        found = gradients(again, recomputed, batches)
        assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert meters(again) == meters(kept)
    assert len(seen) == 3
    if name in ("random", "dropping", "kmeans"):
        assert int(again[1].reduction.calls) == int(kept[1].reduction.calls) == 3


def test_reentrant_recompute_is_refused_since_it_loses_the_balance_loss():
    model = model_of()
    out = checkpoint(model, tokens(0).requires_grad_(), use_reentrant=True)
    with pytest.raises(RuntimeError, match="use_reentrant=False"):
        (out.sum() + model[1].balance_loss).backward()


def test_a_draw_that_cannot_be_told_from_another_is_refused():
    model = model_of(baselines.RandomClusters(DIM, rate=0.3))
    losses = [recomputed(model, tokens(0)).sum() for _ in "ab"]
    with pytest.raises(RuntimeError, match="2 recent forward passes of RandomClusters had these rows"):
        sum(losses).backward()


def test_passes_without_rows_need_not_be_told_apart():
    model = model_of(baselines.RandomClusters(DIM, rate=0.3))
    losses = [recomputed(model, tokens(0)[:0].requires_grad_()).sum() for _ in "ab"]
    sum(losses).backward()
    assert int(model[1].reduction.calls) == 2


def test_a_schedule_goes_on_where_every_row_travels():
    reduction = baselines.RandomClusters(DIM, rate=[(0, 1.0), (1, 0.25)])
    rows, counts_E = tokens(0), torch.tensor([32, 32])
    assert [int(reduction(rows, counts_E).counts_E.sum()) for _ in "ab"] == [64, 16]


def test_timm_s_gradient_checkpointing():
    found = []
    for again in (False, True):
        torch.manual_seed(0)
        size = {"img_size": 56, "window_size": 7, "embed_dim": 16, "depths": (2, 2), "num_heads": (2, 4)}
        model = timm.create_model("swin_tiny_patch4_window7_224", num_classes=4, **size)
        for stage in model.layers:
            width = stage.blocks[1].norm2.normalized_shape[0]
            replace_ffn(stage.blocks[1], MoELayer(width, 32, 4, reduction=lsh_reduction(width)))
        model.set_grad_checkpointing(again)
        images = torch.randn(2, 3, 56, 56, generator=torch.Generator().manual_seed(1))
        logits = model(images)
        balance = torch.stack([layer.balance_loss for layer in moe_layers(model)]).mean()
        (logits.square().mean() + balance).backward()
        found.append([parameter.grad for parameter in model.parameters()])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)
