"""Swin-MoE: the right shape, the same for every world size, able to learn, and of the paper's size."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
import torch
import torch.distributed as dist
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from lshmoe import MoELayer, derive_seed, expert_parameters, lsh_reduction, moe_layers
from suite.cluster.member import ALONE
from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.config.seeds import model_seed
from suite.errors import UserError
from suite.hosts.swin_moe import build as build_swin
from suite.tasks.task import Batch, ImageInputs, summed_loss
from suite.training import checkpoint
from suite.training.check import check
from suite.training.trainer import Trainer, build_model
from tests.ranks import run_ranks

CHOICES = ["model=swin_moe", "task=cifar10_test_resplit"]
TINY = [f"model.sizes.nano.{field}" for field in ("width=16", "layers=[2,3]", "heads=[2,4]", "experts=4", "window=2")]
CLASSES = 4


def build(*overrides: str) -> nn.Module:
    """The tiny model as a run builds it."""
    inputs = ImageInputs(16, 3, CLASSES)
    return build_model(tiny(*overrides), SimpleNamespace(inputs=inputs), ALONE)


def tiny(*overrides: str) -> RunConfig:
    return compose([*CHOICES, *TINY, *overrides])


def batch(seed: int = 0, images: int = 8) -> Batch:
    """Noise with one bright quadrant, whose place is the class."""
    draw = torch.Generator().manual_seed(seed)
    targets = torch.randint(CLASSES, (images,), generator=draw)
    images_BCHW = torch.randn(images, 3, 16, 16, generator=draw)
    for image, target in zip(images_BCHW, targets.tolist(), strict=True):
        image[:, 8 * (target // 2) :, 8 * (target % 2) :][:, :8, :8] += 2
    return Batch({"images_BCHW": images_BCHW}, targets)


def loss_of(model: nn.Module, data: Batch) -> torch.Tensor:
    total, count = summed_loss(model(**data.inputs), data.targets)
    return total / count


def test_every_other_block_of_each_stage_is_a_moe_layer() -> None:
    model = build()
    blocks = [[isinstance(block.mlp, MoELayer) for block in stage.blocks] for stage in model.host.layers]
    assert blocks == [[False, True], [False, True, False]]
    assert [(layer.name, layer.dim) for layer in moe_layers(model)] == [("stages.0.1", 16), ("stages.1.1", 32)]
    assert [layer.experts.w1_LDF.shape for layer in moe_layers(model)] == [(4, 16, 32), (4, 32, 64)]
    assert model(**batch().inputs).shape == (8, CLASSES)
    assert [layer.traffic.rows_routed for layer in moe_layers(model)] == [2 * 8 * 16, 2 * 8 * 4]


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = build("method=vanilla")
    torch.manual_seed(2)
    second = build("method=lsh")
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = build("seed=1")
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("method", ["vanilla", "lsh"])
def test_the_loss_falls(method: str) -> None:
    model = build(f"method={method}")
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for step in range(40):
        loss = loss_of(model, batch(step, 16))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.2
    assert sum(losses[-5:]) / 5 < 0.5


def test_clusters_of_one_row_each_change_nothing() -> None:
    data, vanilla, lsh = batch(), build(), build()
    for layer in moe_layers(lsh):
        layer.reduction = lsh_reduction(layer.dim, num_hashes=64)
    losses = [loss_of(model, data) for model in (vanilla, lsh)]
    sent = [layer.traffic.rows_sent / layer.traffic.rows_routed for layer in moe_layers(lsh)]
    assert sent == [1, 1], "rows of different patches share a cluster"
    torch.testing.assert_close(losses[1], losses[0])
    for loss in losses:
        loss.backward()
    for (name, one), other in zip(vanilla.named_parameters(), lsh.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, atol=1e-6, rtol=1e-4, msg=lambda text, name=name: name + text)


class Quadrants:
    """What a :class:`Trainer` needs of a task to make steps."""

    def train_batch(self, step: int, rank: int, world: int) -> Batch:
        data, mine = batch(step), slice(rank * 8 // world, (rank + 1) * 8 // world)
        return Batch({"images_BCHW": data.inputs["images_BCHW"][mine]}, data.targets[mine])


def trainer_of(*overrides: str) -> Trainer:
    return Trainer(tiny(*overrides), Quadrants(), build(*overrides), torch.device("cpu"))


def loss_and_gradients() -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of dense parameters on this rank's part of one batch."""
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    model = build()
    loss = loss_of(model, Quadrants().train_batch(0, rank, world))
    loss.backward()
    experts = expert_parameters(model)
    dense = {name: p.grad for name, p in model.named_parameters() if name not in experts and p.grad is not None}
    return loss.item(), dense


def ranks_job(folder: Path) -> tuple[float, dict[str, torch.Tensor], list[dict[str, torch.Tensor]]]:
    """:func:`loss_and_gradients`, and the weights of four steps with stochastic depth, unbroken and resumed."""
    changes = ["method=lsh", "model.sizes.nano.dropout=0.3"]
    unbroken, broken = trainer_of(*changes), trainer_of(*changes)
    for step in range(4):
        unbroken.step(step)
    torch.manual_seed(derive_seed(model_seed(0), "dropout", dist.get_rank()))
    for step in range(2):
        broken.step(step)
    checkpoint.save(folder, 2, broken.model, broken.optimizer)
    resumed = trainer_of(*changes)
    for step in range(checkpoint.load(folder, resumed.model, resumed.optimizer), 4):
        resumed.step(step)
    return *loss_and_gradients(), [dict(trainer.model.state_dict()) for trainer in (unbroken, resumed)]


def test_two_ranks_compute_what_one_does_and_resume_to_the_same_bits(tmp_path: Path) -> None:
    loss, gradients = loss_and_gradients()
    results = run_ranks(2, ranks_job, tmp_path)
    assert sum(result[0] for result in results) / 2 == pytest.approx(loss, rel=1e-5)
    for name, gradient in gradients.items():
        mean = (results[0][1][name] + results[1][1][name]) / 2
        torch.testing.assert_close(mean, gradient, atol=1e-6, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}")
    for _, _, (unbroken, resumed) in results:
        assert unbroken.keys() == resumed.keys() and len(unbroken) > 40
        assert [name for name, value in unbroken.items() if not torch.equal(value, resumed[name])] == []


def test_paper_scale_has_the_parameters_of_table_1() -> None:
    """946 M in total; of the placements in every other block, that in all stages of the base width comes near."""
    size = compose([*CHOICES[:1], "task=imagenet", "scale=paper"]).size
    experts = []

    def make_layer(_: str, dim: int, hidden: int) -> nn.Module:
        experts.append(size.experts * (2 * dim * hidden + dim + hidden) + dim * size.experts)
        return nn.Identity()

    with torch.device("meta"):
        model = build_swin(size.model_copy(update={"pretrained": None}), ImageInputs(224, 3, 1000), make_layer)
    assert sum(size.layers) == 24 and size.experts == 32 and len(experts) == 12
    total = sum(experts) + sum(parameter.numel() for parameter in model.parameters())
    assert total == pytest.approx(946e6, rel=0.01)


def test_pretrained_weights_fill_everything_but_moe_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, pretrained: bool, img_size: int, in_chans: int) -> SwinTransformer:
        assert (name, pretrained) == ("swin_tiny", True)
        shape = {"img_size": img_size, "in_chans": in_chans, "num_classes": 9}
        widths = {"embed_dim": 16, "depths": (2, 3), "num_heads": (2, 4), "window_size": 2, "mlp_ratio": 2.0}
        torch.manual_seed(7)
        made.append(SwinTransformer(patch_size=4, **shape, **widths))
        return made[-1]

    made: list[SwinTransformer] = []
    monkeypatch.setattr(timm, "create_model", create)
    model = build("model.sizes.nano.pretrained=swin_tiny")
    weights = made[0].state_dict()
    found = model.host.state_dict()
    same = {name for name, value in found.items() if torch.equal(value, weights.get(name, torch.empty(0)))}
    others = found.keys() - same
    assert all(".mlp." in name or name.startswith("head.") for name in others) and len(same) > 40
    with pytest.raises(UserError, match=r"pretrained: 'swin_tiny' has another shape than this model"):
        build("model.sizes.nano.pretrained=swin_tiny", "model.sizes.nano.width=32")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task=text_lm"], "task: 'text_lm' needs a model for causal_lm; 'swin_moe' is one for: images"),
        (["model=gpt_moe"], "needs a model for images; 'gpt_moe' is one for"),
    ],
)
def test_a_task_of_another_kind_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check(compose([*CHOICES, *overrides]))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.sizes.nano.heads=[2,4]", "heads: 2 stages, but layers has 3"),
        ("model.sizes.nano.heads=[2,4,5]", "heads: 5 does not divide the width"),
        ("model.sizes.nano.moe_every=3", "moe_every: 3 leaves no MoE layer; allowed: 1 to 2"),
        ("model.sizes.nano.ffn_ratio=2.51", "ffn_ratio: 2.51 times width=32 is not a whole number"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        compose([*CHOICES, override])
