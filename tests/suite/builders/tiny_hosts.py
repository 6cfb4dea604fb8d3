"""Every host, small enough for tests, with batches that it can learn within seconds: adding a host is adding a row."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe import expert_parameters
from suite.cluster.member import ALONE
from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.loading import quiet_import
from suite.tasks.row_kinds import kinds_of
from suite.tasks.task import Batch, ImageInputs, TextInputs, summed_loss
from suite.training import checkpoint
from suite.training.trainer import Trainer, build_model

VOCABULARY, EXAMPLES, LENGTH = 24, 8, 16
MASK = VOCABULARY - 1
TRANSFORMER = [f"model.sizes.nano.{field}" for field in ("width=32", "ffn=64", "heads=2", "experts=4")]


@cache
def dictionary() -> Any:
    made = quiet_import("fairseq.data.dictionary").Dictionary()
    for number in range(VOCABULARY - len(made)):
        made.add_symbol(str(number))
    return made


def counting(seed: int, length: int) -> Tensor:
    """Sequences ``[EXAMPLES, length]`` that count upwards from a random start, so that the next token can be known."""
    start = torch.randint(VOCABULARY, (EXAMPLES, 1), generator=torch.Generator().manual_seed(seed))
    return (start + torch.arange(length)) % (VOCABULARY - 5) + 4


def next_token(seed: int) -> Batch:
    tokens = counting(seed, LENGTH + 1)
    return Batch({"tokens_BT": tokens[:, :-1]}, tokens[:, 1:], {"tokens": kinds_of(tokens[:, :-1])})


def hidden_tokens(seed: int) -> Batch:
    """One token all along, but for three places."""
    tokens = counting(seed, 1).repeat(1, LENGTH)
    random = torch.Generator().manual_seed(seed)
    places = torch.rand(EXAMPLES, LENGTH - 1, generator=random).argsort(1)[:, :3] + 1
    targets = tokens.gather(1, places)
    tokens = tokens.scatter(1, places, MASK)
    kinds = {"tokens": kinds_of(tokens, masks=torch.tensor([MASK]))}
    return Batch({"tokens_BT": tokens, "places_BM": places}, targets, kinds)


def hidden_span(seed: int) -> Batch:
    """The source counts, a mask ends it, and the target counts on."""
    tokens = counting(seed, LENGTH)
    source, targets = tokens[:, :11].clone(), tokens[:, 10:]
    source[:, -1] = MASK
    target = torch.cat([torch.full((EXAMPLES, 1), dictionary().eos()), targets[:, :-1]], dim=1)
    kinds = {"source": kinds_of(source, masks=torch.tensor([MASK])), "target": kinds_of(target)}
    return Batch({"source_BS": source, "target_BT": target}, targets, kinds)


def counting_or_not(seed: int) -> Batch:
    """Sequences that count upwards (1) or stand still (0), padded on the right."""
    tokens, labels = counting(seed, LENGTH), torch.arange(EXAMPLES) % 2
    tokens = torch.where(labels.bool().unsqueeze(1), tokens, tokens[:, :1])
    length = torch.randint(4, LENGTH + 1, (EXAMPLES, 1), generator=torch.Generator().manual_seed(seed))
    tokens = tokens.masked_fill(torch.arange(LENGTH) >= length, dictionary().pad())
    return Batch({"tokens_BT": tokens}, labels, {"tokens": kinds_of(tokens, dictionary().pad())})


@dataclass(frozen=True)
class Host:
    """One row of the table.

    Attributes:
        overrides: model and sizes.
        inputs: makes what the host is built from.
        batch: a batch of :data:`EXAMPLES` examples from a seed, with as many targets in each example.
        moe: names of the MoE layers there must be, by stream.
        classes: values that a target can have.
    """

    overrides: list[str]
    inputs: Callable[[], TextInputs | ImageInputs]
    batch: Callable[[int], Batch]
    moe: dict[str, list[str]]
    classes: int = VOCABULARY

    def config(self, *overrides: str) -> RunConfig:
        return compose([*self.overrides, *overrides])

    def build(self, *overrides: str) -> nn.Module:
        """The model as a run builds it."""
        task = SimpleNamespace(inputs=self.inputs())
        return build_model(self.config(*overrides), task, ALONE)


def text() -> TextInputs:
    return TextInputs(dictionary(), LENGTH)


HOSTS = {
    "gpt_moe": Host(["model=gpt_moe", *TRANSFORMER], text, next_token, {"tokens": ["decoder.1", "decoder.3"]}),
    "gpt_moe, classifying": Host(
        ["model=gpt_moe", *TRANSFORMER],
        lambda: TextInputs(dictionary(), LENGTH, classes=2),
        counting_or_not,
        {"tokens": ["decoder.1", "decoder.3"]},
        classes=2,
    ),
    "roberta_moe": Host(
        ["model=roberta_moe", *TRANSFORMER], text, hidden_tokens, {"tokens": ["encoder.1", "encoder.3"]}
    ),
    "t5_moe": Host(
        ["model=t5_moe", *TRANSFORMER], text, hidden_span, {"source": ["encoder.1"], "target": ["decoder.1"]}
    ),
}


def part(batch: Batch, rank: int, world: int) -> Batch:
    """One rank's examples."""
    mine = slice(rank * EXAMPLES // world, (rank + 1) * EXAMPLES // world)
    kinds = {name: value[mine] for name, value in batch.kinds.items()}
    return Batch({name: value[mine] for name, value in batch.inputs.items()}, batch.targets[mine], kinds)


def loss_of(model: nn.Module, batch: Batch) -> Tensor:
    total, count = summed_loss(model(**batch.inputs), batch.targets)
    return total / count


def loss_and_gradients(host: Host, *overrides: str) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of all parameters that this rank holds, on its part of one batch."""
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    model = host.build(*overrides)
    loss = loss_of(model, part(host.batch(0), rank, world))
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def expert_names(host: Host) -> set[str]:
    return set(expert_parameters(host.build()))


def unbroken_and_resumed(host: Host, folder: Path) -> list[tuple[list[dict[str, float]], dict[str, Tensor]]]:
    """Train four steps with dropout; then again the last two, from the checkpoint after the second.

    Returns, for either training, the metrics of the last two steps, and all parameters after them.
    """
    task: Any = SimpleNamespace(
        inputs=host.inputs(), train_batch=lambda number, rank, world: part(host.batch(number), rank, world)
    )
    config = host.config("method=lsh", "model.sizes.nano.dropout=0.1")

    def trainer() -> Trainer:
        device = torch.device("cpu")
        return Trainer(config, task, build_model(config, task, ALONE), device)

    def last_two(trained: Trainer) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        metrics = [trained.step(number) for number in (2, 3)]
        return metrics, {name: p.detach().clone() for name, p in trained.model.named_parameters()}

    first = trainer()
    for number in (0, 1):
        first.step(number)
    checkpoint.save(folder, 2, first.model, first.optimizer)
    unbroken = last_two(first)
    second = trainer()
    assert checkpoint.load(folder, second.model, second.optimizer) == 2
    return [unbroken, last_two(second)]


def on_two_ranks(folder: Path) -> dict[str, Any]:
    """What one rank of two makes of every host; all in one go, because starting ranks takes longer than this."""
    return {name: (loss_and_gradients(host), unbroken_and_resumed(host, folder / name)) for name, host in HOSTS.items()}
