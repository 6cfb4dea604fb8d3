"""The contract of a task: its data, its batches, and its measure of quality."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import Tensor
from torch.nn import functional

from suite.config.task import TaskConfig, Training
from suite.config.validation import parse_options
from suite.data.parts import Part
from suite.errors import UserError
from suite.tasks.sampling import spread

# Value of a target where nothing is to be predicted.
IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """One rank's part of a step.

    Attributes:
        inputs: keyword arguments of the host's forward pass.
        targets: int64 class numbers, one per prediction; :data:`IGNORED` where there is none.
        kinds: by stream of the host model, the kind of each token, uint8 ``[B, T]``, of :mod:`suite.tasks.row_kinds`.
            Streams without kinds are left out.
        examples: how many there are.
    """

    inputs: dict[str, Tensor]
    targets: Tensor
    kinds: dict[str, Tensor] = field(default_factory=dict)

    @property
    def examples(self) -> int:
        return self.targets.shape[0]

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device; copies to a GPU are asynchronous."""

        def move(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: value.to(device, non_blocking=True) for name, value in tensors.items()}

        return Batch(move(self.inputs), self.targets.to(device, non_blocking=True), move(self.kinds))


# From a batch to the model's logits ``[…, classes]``, one row per target.
Predict = Callable[[Batch], Tensor]


@dataclass(frozen=True)
class Metric:
    """The one number by which runs of a task are compared."""

    name: str
    higher_is_better: bool


PERPLEXITY = Metric("perplexity", higher_is_better=False)


@dataclass(frozen=True)
class TextInputs:
    """What a host must know of a text task.

    Attributes:
        dictionary: fairseq's Dictionary.
        context: longest sequence in tokens.
        classes: number of classes where whole sequences are classified.
    """

    dictionary: Any
    context: int
    classes: int | None = None


@dataclass(frozen=True)
class ImageInputs:
    """What a host must know of an image task: square images of ``size`` pixels."""

    size: int
    channels: int
    classes: int


class Task(ABC):
    """Base of all tasks.

    Args:
        config: the task's configuration; ``config.data`` is validated as :attr:`Data`.
        training: its part at the run's scale; ``training.inputs`` is validated as :attr:`Inputs`.
        data_dir: the data cache.
        seed: root seed of its data order and of everything it draws.

    Raises:
        UserError: if an option is unknown or out of range.
    """

    objective: ClassVar[str]
    """What a host must serve: ``causal_lm``, ``masked_lm``, ``span_corruption``, ``classification`` or ``images``."""
    metric: Metric = PERPLEXITY
    Data: ClassVar[type[BaseModel]]
    Inputs: ClassVar[type[BaseModel]]
    data: BaseModel
    options: BaseModel

    def __init__(self, config: TaskConfig, training: Training, data_dir: Path, seed: int) -> None:
        self.config, self.training, self.data_dir, self.seed = config, training, data_dir, seed
        self.data = parse_options("task.data", self.Data, config.data)
        self.options = parse_options("task.training.<scale>.inputs", self.Inputs, training.inputs)

    # -- what a task defines -----------------------------------------------------------------------------------------

    @abstractmethod
    def prepare(self) -> None:
        """Fetch and prepare missing data. Call it before any rank starts.

        Raises:
            UserError: if data are missing, corrupted or too few for the configuration; with the remedy.
        """

    @property
    @abstractmethod
    def inputs(self) -> TextInputs | ImageInputs:
        """What a host is built from. The data must be prepared."""

    @abstractmethod
    def data_record(self) -> list[dict[str, Any]]:
        """What a run's record says about its data: one entry per source, with ``name``."""

    @abstractmethod
    def count(self, part: Part) -> int:
        """How many examples a part holds. The data must be prepared."""

    @abstractmethod
    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """This rank's part of global batch ``step`` (from 0).

        The global batch depends only on the seed and the step. Rank r gets the r-th of ``world`` equal slices.
        """

    @abstractmethod
    def eval_batches(self, rank: int = 0, world: int = 1, final: bool = False) -> Iterator[Batch]:
        """This rank's part of :meth:`held_out_places`, in as many batches as every other rank has."""

    @abstractmethod
    def baseline(self) -> dict[str, Any]:
        """``name`` of a trivial model, and its quality by the names of :meth:`evaluate`.

        It is judged on the examples that a run's last evaluation sees.
        """

    def make_up_data(self) -> None:  # noqa: B027
        """Use made-up examples of the configured sizes in place of data.

        :attr:`inputs` and :meth:`train_batch` then work without prepared data; only the shapes of their results mean
        anything. A task that does not override this method still needs its data.
        """

    # -- what tasks share --------------------------------------------------------------------------------------------

    @property
    def final_examples(self) -> int:
        """Held-out examples that a run's last evaluation sees, over all ranks."""
        wanted = self.training.final_examples
        return self.count("held_out") if wanted == "all" else wanted or self.training.eval_examples

    def held_out_places(self, final: bool = False) -> NDArray[np.int64]:
        """The held-out examples of an evaluation, evenly spaced over the held-out part; always the same.

        Args:
            final: whether it is a run's last evaluation.

        Returns:
            Places in the held-out part, int64 ``[E]``.
        """
        wanted = self.final_examples if final else self.training.eval_examples
        return spread(wanted, self.count("held_out"))

    def require_enough(self, unit: str = "examples") -> None:
        """Check that a batch and the evaluations find as many examples as they ask for.

        Args:
            unit: what examples are called in the message.

        Raises:
            UserError: naming the field, and the most that it may be.
        """
        wanted: list[tuple[Part, str, int]] = [
            ("train", "batch_examples", self.training.batch_examples),
            ("held_out", "eval_examples", self.training.eval_examples),
            ("held_out", "final_examples", self.final_examples),
        ]
        for part, name, number in wanted:
            if number > self.count(part):
                raise UserError(
                    f"task.training.{name}: {number} {unit} exceed the {part} part of {self.config.name}; "
                    f"allowed: at most {self.count(part)}"
                )

    def evaluate(
        self,
        predict: Predict,
        rank: int = 0,
        world: int = 1,
        group: dist.ProcessGroup | None = None,
        final: bool = False,
    ) -> dict[str, float]:
        """Mean held-out loss per target in nats, and perplexity, over the examples of all ranks. Collective.

        Args:
            predict: the model.
            rank: of this process.
            world: how many ranks share the examples.
            group: of these ranks.
            final: whether it is a run's last evaluation (:meth:`held_out_places`).
        """
        total = torch.zeros(2, dtype=torch.float64)
        for batch in self.eval_batches(rank, world, final):
            loss, count = summed_loss(predict(batch), batch.targets)
            total = total.to(loss.device) + torch.stack([loss.detach(), count.double()])
        if world > 1:
            dist.all_reduce(total, group=group)
        return perplexity(float(total[0] / total[1]))


def summed_loss(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy in nats, summed over targets that are not :data:`IGNORED` (float64), and their number; scalars."""
    targets = targets.to(logits.device)
    losses = functional.cross_entropy(
        logits.flatten(0, -2).float(), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return losses.sum(dtype=torch.float64), (targets != IGNORED).sum()


def perplexity(loss: float) -> dict[str, float]:
    """Quality of a language model from its mean loss in nats."""
    return {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}
