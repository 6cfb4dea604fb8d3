"""GPT-MoE: the right shape, the same for every world size, and able to learn."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn

from lshmoe import MoELayer, is_expert, moe_layers
from suite.config import compose
from suite.joining import ALONE
from suite.loop import build_model
from suite.quiet import quiet_import
from suite.schema import RunConfig
from suite.tasks.task import Batch, TextInputs, summed_loss
from tests.ranks import run_ranks

TINY = [f"model.sizes.nano.{field}" for field in ("width=32", "ffn=64", "heads=2", "experts=4")]
VOCABULARY = 50


def dictionary() -> Any:
    made = quiet_import("fairseq.data.dictionary").Dictionary()
    for number in range(VOCABULARY - len(made)):
        made.add_symbol(str(number))
    return made


def build(*overrides: str) -> nn.Module:
    """The tiny model as a run builds it."""
    return build_model(tiny(*overrides), SimpleNamespace(inputs=TextInputs(dictionary(), 16)), ALONE)


def tiny(*overrides: str) -> RunConfig:
    return compose([*TINY, *overrides])


def batch(seed: int = 0, sequences: int = 8) -> Batch:
    """Sequences that count upwards from a random start, so that the next token can be known."""
    start = torch.randint(4, VOCABULARY, (sequences, 1), generator=torch.Generator().manual_seed(seed))
    tokens = (start + torch.arange(17)) % (VOCABULARY - 4) + 4
    return Batch({"tokens_BT": tokens[:, :-1]}, tokens[:, 1:])


def loss_of(model: nn.Module, data: Batch) -> torch.Tensor:
    total, count = summed_loss(model(**data.inputs), data.targets)
    return total / count


def test_every_other_layer_is_a_moe_layer() -> None:
    model = build()
    layers = model.host.decoder.layers
    assert [isinstance(layer.fc1, MoELayer) for layer in layers] == [False, True, False, True]
    assert [layer.name for layer in moe_layers(model)] == ["decoder.1", "decoder.3"]
    data = batch()
    assert model(**data.inputs).shape == (8, 16, VOCABULARY)


def test_the_model_is_causal() -> None:
    model = build().eval()
    tokens = batch().inputs["tokens_BT"]
    changed = tokens.clone()
    changed[:, 9:] = 5
    assert torch.allclose(model(tokens)[:, :9], model(changed)[:, :9], atol=1e-6)
    assert not torch.allclose(model(tokens)[:, 9:], model(changed)[:, 9:], atol=1e-2)


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = build("method=vanilla")
    torch.manual_seed(2)
    second = build("method=lsh")
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = build("seed=1")
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("method", ["vanilla", "lsh", "int8"])
def test_the_loss_falls(method: str) -> None:
    model = build(f"method={method}")
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for step in range(60):
        loss = loss_of(model, batch(step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 3.0
    assert sum(losses[-5:]) / 5 < 1.0


def loss_and_gradients() -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of dense parameters on this rank's part of one batch."""
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    data = batch()
    mine = slice(rank * 8 // world, (rank + 1) * 8 // world)
    model = build()
    loss = loss_of(model, Batch({"tokens_BT": data.inputs["tokens_BT"][mine]}, data.targets[mine]))
    loss.backward()
    dense = {name: p.grad for name, p in model.named_parameters() if not is_expert(p) and p.grad is not None}
    return loss.item(), dense


def test_two_ranks_compute_what_one_does() -> None:
    loss, gradients = loss_and_gradients()
    results = run_ranks(2, loss_and_gradients)
    assert sum(result[0] for result in results) / 2 == pytest.approx(loss, rel=1e-5)
    for name, gradient in gradients.items():
        mean = (results[0][1][name] + results[1][1][name]) / 2
        torch.testing.assert_close(mean, gradient, atol=1e-6, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}")
