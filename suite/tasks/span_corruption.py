"""Span corruption, T5's objective: a sentinel replaces each hidden span, and the span is predicted after it."""

from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from suite.loading import quiet_import
from suite.tasks.packed_text import PackedText, WindowInputs
from suite.tasks.row_kinds import kinds_of
from suite.tasks.task import Batch

SENTINELS = 100  # as many as T5 has


class SpanInputs(WindowInputs):
    """``task.training.<scale>.inputs`` of span corruption."""

    noise_density: Annotated[float, Field(gt=0, lt=1)] = Field(description="share of tokens that are hidden")
    mean_span: Annotated[float, Field(ge=1)] = Field(description="mean length of a hidden span in tokens")

    @property
    def noise(self) -> int:
        """Hidden tokens of a window."""
        return min(max(round(self.context * self.noise_density), 1), self.context - 1)

    @property
    def spans(self) -> int:
        """Hidden spans of a window, each with a sentinel."""
        return max(round(self.noise / self.mean_span), 1)

    @model_validator(mode="after")
    def _spans_fit(self) -> "SpanInputs":
        most = min(SENTINELS, self.context - self.noise)
        if self.spans > most:
            raise ValueError(
                f"noise_density: with mean_span={self.mean_span}, {self.noise_density} of context={self.context} makes "
                f"{self.spans} spans; allowed: at most {most}"
            )
        return self


class SpanCorruption(PackedText):
    """fairseq's span masking, drawn anew in every epoch.

    Spans vary in length but not in number, so all batches have the same shape. ``</s>`` replaces the last token of each
    window and ends the last hidden span.
    """

    objective = "span_corruption"
    Inputs: ClassVar[type[SpanInputs]] = SpanInputs
    options: SpanInputs
    # The n-th sentinel of a sequence is the n-th symbol from the dictionary's end.
    extra_symbols = tuple(f"<sentinel:{number}>" for number in reversed(range(SENTINELS)))

    def make_batch(self, windows_BT: Tensor, seeds: list[int]) -> Batch:
        """Spans of window b are seeded by ``seeds[b]``. The decoder reads the targets, shifted right by one."""
        dictionary = self.inputs.dictionary
        windows_BT = windows_BT.clone()
        windows_BT[:, -1] = dictionary.eos()
        pairs = [self._corrupt(window, seed) for window, seed in zip(windows_BT.numpy(), seeds, strict=True)]
        source_BS, targets_BT = (torch.stack(part) for part in zip(*pairs, strict=True))
        target_BT = targets_BT.roll(1, dims=1)  # the last target, </s>, comes first
        sentinels = torch.arange(len(dictionary) - SENTINELS, len(dictionary))
        kinds = {"source": kinds_of(source_BS, masks=sentinels), "target": kinds_of(target_BT, masks=sentinels)}
        return Batch({"source_BS": source_BS, "target_BT": target_BT}, targets_BT, kinds)

    def _corrupt(self, window: NDArray[np.int64], seed: int) -> tuple[Tensor, Tensor]:
        corruption = quiet_import("fairseq.data.span_mask_tokens_dataset").SpanMaskedTokensDataset
        options = self.options
        examples = corruption(
            [window], self.inputs.dictionary, options.noise_density, options.mean_span, shuffle=False, seed=seed
        )
        return examples[0]["source"], examples[0]["target"]

    def _target_counts(self) -> NDArray[np.float64]:
        """A window's targets are one ``</s>``, each of its sentinels once, and the hidden tokens of the text."""
        windows, options = self.count("train"), self.options
        counts = super()._target_counts() * ((options.noise - 1) / options.context)
        counts[self.inputs.dictionary.eos()] += windows
        counts[len(counts) - options.spans :] += windows
        return counts
