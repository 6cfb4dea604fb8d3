"""Zero-shot classification by a span-corruption model: the class whose word fills a hidden span best."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from suite.config.task import TaskConfig, Training
from suite.errors import UserError
from suite.tasks.labelled_text import LabelledData, LabelledText, right_padded, truncate
from suite.tasks.row_kinds import kinds_of
from suite.tasks.task import IGNORED, Batch, Predict

SENTINEL = "<sentinel:0>"
LABEL = "{label}"


class ZeroShotData(LabelledData):
    """``task.data`` of a zero-shot task."""

    template: str = Field(description="holds {text}, for pairs {pair}, and {label} where the word goes")
    words: list[str] = Field(description="one per class")

    @model_validator(mode="after")
    def _fits_the_classes(self) -> "ZeroShotData":
        if len(self.words) != len(self.classes):
            raise ValueError(f"words: {len(self.words)} for {len(self.classes)} classes; allowed: one per class")
        for place in ("{text}", LABEL):
            if self.template.count(place) != 1:
                raise ValueError(f"template: {place} must be in it once")
        return self


class ZeroShot(LabelledText):
    """The encoder reads the filled template with a sentinel for the word; the decoder scores each class's word there.

    A class's score is the summed log-likelihood of the tokens of its word, with the space before it if the template has
    one. Nothing is trained: the weights are those of the run to start from.
    """

    objective = "span_corruption"
    Data: ClassVar[type[ZeroShotData]] = ZeroShotData
    data: ZeroShotData

    def __init__(self, config: TaskConfig, training: Training, data_dir: Path, seed: int) -> None:
        super().__init__(config, training, data_dir, seed)
        if training.steps:
            raise UserError(f"task.training.<scale>.steps: {config.name} only evaluates; allowed: 0")

    def train_batch(self, step: int, rank: int = 0, world: int = 1) -> NoReturn:
        """Not available: the task only evaluates.

        Raises:
            UserError: always.
        """
        raise UserError(f"task: {self.config.name} only evaluates and has no training batches")

    def held_out_batches(self, places: NDArray[np.int64]) -> Iterator[Batch]:
        """One batch for each class's word; all have the same sources."""
        dictionary = self.inputs.dictionary
        padding, sentinel = dictionary.pad(), dictionary.index(SENTINEL)
        rows = [self.source(place) for place in places.tolist()]
        length = self.options.length if self.config.route_padding else max(map(len, rows))
        source_BS = right_padded(rows, length, padding)
        source_kinds = kinds_of(source_BS, padding, torch.tensor([sentinel]))
        for word in self.data.words:
            tokens = self.word(word)
            target_BT = torch.tensor([dictionary.eos(), sentinel, *tokens[:-1]]).repeat(len(rows), 1)
            targets_BT = torch.tensor([IGNORED, *tokens]).repeat(len(rows), 1)
            kinds = {"source": source_kinds, "target": kinds_of(target_BT, masks=torch.tensor([sentinel]))}
            yield Batch({"source_BS": source_BS, "target_BT": target_BT}, targets_BT, kinds)

    def class_scores(self, predict: Predict, places: NDArray[np.int64]) -> Tensor:
        """Log-likelihoods of the classes' words."""
        return torch.stack([_log_likelihood(predict(b), b.targets) for b in self.held_out_batches(places)], dim=1)

    def source(self, place: int) -> list[int]:
        """The encoder's input for a held-out example: at most ``length`` tokens; its texts are truncated if needed."""
        text, pair = self.examples.tokens("held_out", place)
        tokens = self._filled(text, pair)
        while len(tokens) > self.options.length:
            room = len(text) + len(pair) - (len(tokens) - self.options.length)
            if room < 1:
                raise UserError(f"inputs.length: {self.options.length} tokens leave no room beside the template")
            text, pair = truncate(text, pair, room)
            tokens = self._filled(text, pair)
        return tokens

    def word(self, word: str) -> list[int]:
        """Tokens of a class's word as it stands in the template."""
        before = self.data.template.partition(LABEL)[0]
        return self._encode((" " if before.endswith(" ") else "") + word)

    def _filled(self, text: list[int], pair: list[int]) -> list[int]:
        before, _, after = self.data.template.partition(LABEL)
        # Text and template are encoded together: a word's token depends on the space before it.
        fields = {"text": self._decode(text), "pair": self._decode(pair)}
        before, after = (
            re.sub(r"{(text|pair)}", lambda name: fields[name[1]], part) for part in (before.removesuffix(" "), after)
        )
        return [*self._encode(before), self.inputs.dictionary.index(SENTINEL), *self._encode(after)]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self.examples.tokenizer.encode(text).ids
        return ids

    def _decode(self, tokens: list[int]) -> str:
        return str(self.examples.tokenizer.decode(tokens, skip_special_tokens=False)).strip()


def _log_likelihood(logits_BTV: Tensor, targets_BT: Tensor) -> Tensor:
    """Summed over targets that are not :data:`IGNORED`, float32 ``[B]``."""
    targets_BT = targets_BT.to(logits_BTV.device)
    counts_BT = targets_BT != IGNORED
    log_BTV = logits_BTV.float().log_softmax(-1)
    picked_BT = log_BTV.gather(-1, targets_BT.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return (picked_BT * counts_BT).sum(1)
