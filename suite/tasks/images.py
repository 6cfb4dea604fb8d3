"""The base of image classification tasks: the examples of a batch, and the accuracy of predictions."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from lshmoe.seeding import derive_seed
from suite.config.seeds import data_seed
from suite.data.parts import Part
from suite.tasks.sampling import EpochOrder, in_batches, rank_slice
from suite.tasks.task import Batch, ImageInputs, Metric, Predict, Task, summed_loss

# Index of an image in its part of the data, and the seed of its augmentation.
Draw = tuple[int, int]
_TOP = 5


class ImageClassification(Task):
    """One class per image. Augmentation is drawn anew each time that a training image is seen."""

    objective = "images"
    metric = Metric("top1", higher_is_better=True)

    @abstractmethod
    def labels(self, part: Part) -> NDArray[np.int64]:
        """Class of every image of a part, int64 ``[n]``."""

    @abstractmethod
    def load(self, part: Part, batches: Iterable[list[Draw]]) -> Iterator[Tensor]:
        """Yield normalised float32 ``[B, channels, size, size]`` for each list of draws, augmented in training.

        For the training part, ``batches`` is endless. A subclass may read ahead.
        """

    @property
    @abstractmethod
    def inputs(self) -> ImageInputs:
        """Size, channels and classes."""

    def count(self, part: Part) -> int:
        """Images of a part."""
        return len(self.labels(part))

    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """This rank's images of a step. Consecutive steps share one loader; any other step starts a new one."""
        if self._next != (step, rank, world):
            self._stream = self.load("train", (self._draws(later, rank, world) for later in count(step)))
        self._next = step + 1, rank, world
        return self._batch("train", self._draws(step, rank, world), next(self._stream))

    def eval_batches(self, rank: int = 0, world: int = 1, final: bool = False) -> Iterator[Batch]:
        """This rank's held-out images."""
        parts = in_batches(self.held_out_places(final), self.training.batch_examples, rank, world)
        batches = [[(place, 0) for place in part.tolist()] for part in parts]
        for batch, images_BCHW in zip(batches, self.load("held_out", batches), strict=True):
            yield self._batch("held_out", batch, images_BCHW)

    def evaluate(
        self,
        predict: Predict,
        rank: int = 0,
        world: int = 1,
        group: dist.ProcessGroup | None = None,
        final: bool = False,
    ) -> dict[str, float]:
        """Mean held-out loss in nats, top-1 and top-5 accuracy, over the examples of all ranks. Collective."""
        totals = torch.zeros(4, dtype=torch.float64)
        for batch in self.eval_batches(rank, world, final):
            sums = summed_quality(predict(batch), batch.targets)
            totals = totals.to(sums.device) + sums
        if world > 1:
            dist.all_reduce(totals, group=group)
        return _quality(totals)

    def baseline(self) -> dict[str, Any]:
        """Predicts classes by their frequency in training, so the majority class comes first."""
        counts = np.bincount(self.labels("train"), minlength=self.inputs.classes) + 1.0
        logits_K = torch.from_numpy(np.log(counts / counts.sum()))
        totals = torch.zeros(4, dtype=torch.float64)
        for targets in torch.from_numpy(self.labels("held_out")[self.held_out_places(final=True)]).split(4096):
            totals += summed_quality(logits_K.expand(len(targets), -1), targets)
        return {"name": "majority class", **_quality(totals)}

    _stream: Iterator[Tensor]
    _next: tuple[int, int, int] | None = None

    @cached_property
    def _order(self) -> EpochOrder:
        return EpochOrder(data_seed(self.seed), self.count("train"))

    def _draws(self, step: int, rank: int, world: int) -> list[Draw]:
        size, seed = self.training.batch_examples, data_seed(self.seed)
        numbers = range(step * size, (step + 1) * size)[rank_slice(size, rank, world)]
        return [(self._order.place(number), derive_seed(seed, "draw", number)) for number in numbers]

    def _batch(self, part: Part, draws: list[Draw], images_BCHW: Tensor) -> Batch:
        targets = torch.from_numpy(self.labels(part)[[place for place, _ in draws]])
        return Batch({"images_BCHW": images_BCHW}, targets)


def summed_quality(logits_BK: Tensor, targets_B: Tensor) -> Tensor:
    """Sums over a batch, float64 ``[4]``: loss in nats, top-1 hits, top-5 hits, images."""
    targets_B = targets_B.to(logits_BK.device)
    loss, images = summed_loss(logits_BK, targets_B)
    hits_BT = logits_BK.topk(min(_TOP, logits_BK.shape[-1])).indices == targets_B[:, None]
    return torch.stack([loss.detach(), hits_BT[:, 0].sum().double(), hits_BT.sum().double(), images.double()])


def _quality(totals: Tensor) -> dict[str, float]:
    loss, top1, top5, images = totals.tolist()
    return {"loss": loss / images, "top1": top1 / images, "top5": top5 / images}
