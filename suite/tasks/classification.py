"""Text classification: one text, or two joined by a separator, with a class for the whole sequence."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from suite.config.seeds import data_seed
from suite.data.parts import Part
from suite.data.tokenizer import END_OF_DOCUMENT
from suite.tasks.labelled_text import LabelledText, right_padded, truncate
from suite.tasks.row_kinds import kinds_of
from suite.tasks.sampling import EpochOrder, rank_slice
from suite.tasks.task import Batch, Predict, TextInputs


class Classification(LabelledText):
    """``text </s>``, or ``text </s> pair </s>``, padded on the right.

    With ``route_padding``, the usual practice, sequences are padded to ``length`` and experts see padding. Without,
    they are padded to the longest sequence of the global batch, and no expert sees padding.
    """

    objective = "classification"

    @cached_property
    def inputs(self) -> TextInputs:
        """As in pre-training, and the number of classes."""
        return replace(super().inputs, classes=len(self.data.classes))

    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """This rank's examples of a step."""
        size = self.training.batch_examples
        places = np.array([self._order.place(number) for number in range(step * size, (step + 1) * size)])
        return self.make_batch("train", places, rank_slice(size, rank, world))

    def held_out_batches(self, places: NDArray[np.int64]) -> Iterator[Batch]:
        """One batch."""
        yield self.make_batch("held_out", places, slice(None))

    def class_scores(self, predict: Predict, places: NDArray[np.int64]) -> Tensor:
        """The classifier's logits."""
        return torch.cat([predict(batch).float() for batch in self.held_out_batches(places)])

    def sequence(self, part: Part, place: int) -> list[int]:
        """The tokens of an example, at most ``length``."""
        text, pair = self.examples.tokens(part, place)
        text, pair = truncate(text, pair, self.options.length - (2 if pair else 1))
        return [*text, END_OF_DOCUMENT, *pair, END_OF_DOCUMENT] if pair else [*text, END_OF_DOCUMENT]

    def make_batch(self, part: Part, places: NDArray[np.int64], mine: slice) -> Batch:
        """The examples ``places[mine]``, padded to the longest of ``places``."""
        rows = [self.sequence(part, place) for place in places.tolist()]
        length = self.options.length if self.config.route_padding else max(map(len, rows))
        padding = self.inputs.dictionary.pad()
        tokens_BT = right_padded(rows[mine], length, padding)
        labels_B = torch.from_numpy(self.examples.labels(part)[places[mine]].astype(np.int64))
        return Batch({"tokens_BT": tokens_BT}, labels_B, {"tokens": kinds_of(tokens_BT, padding)})

    @cached_property
    def _order(self) -> EpochOrder:
        return EpochOrder(data_seed(self.seed), self.examples.count("train"))
