"""Masked language modelling, RoBERTa's objective: predict the masked tokens."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field, model_validator
from torch import Tensor

from suite.loading import quiet_import
from suite.tasks.packed_text import PackedText, WindowInputs
from suite.tasks.row_kinds import kinds_of
from suite.tasks.task import IGNORED, Batch

MASK_SYMBOL = "<mask>"


class MaskedInputs(WindowInputs):
    """``task.training.<scale>.inputs`` of masked language modelling."""

    mask_probability: Annotated[float, Field(gt=0, lt=1)] = Field(description="share of tokens that are predicted")

    @property
    def hidden(self) -> int:
        """Largest number of predicted tokens in a window; some windows have one less."""
        return int(self.mask_probability * (self.context - 1)) + 1

    @model_validator(mode="after")
    def _hides_something(self) -> "MaskedInputs":
        if self.mask_probability * (self.context - 1) < 1:
            raise ValueError(f"mask_probability: {self.mask_probability} of context={self.context} hides no token")
        return self


class MaskedLM(PackedText):
    """fairseq's masking: of the predicted tokens 80 % become ``<mask>``, 10 % another token, 10 % stay the same.

    Masks are drawn anew in every epoch. ``<s>`` replaces the first token of each window. Targets are int64 ``[B, M]``,
    only for the predicted positions.
    """

    objective = "masked_lm"
    Inputs: ClassVar[type[MaskedInputs]] = MaskedInputs
    options: MaskedInputs
    extra_symbols = (MASK_SYMBOL,)

    def make_batch(self, windows_BT: Tensor, seeds: list[int]) -> Batch:
        """Window b is masked by its own ``seeds[b]``."""
        masking = quiet_import("fairseq.data.mask_tokens_dataset").MaskTokensDataset
        dictionary = self.inputs.dictionary
        padding, mask = dictionary.pad(), dictionary.index(MASK_SYMBOL)
        tokens_BT = windows_BT.clone()
        tokens_BT[:, 0] = dictionary.bos()
        places_BM = torch.zeros(len(windows_BT), self.options.hidden, dtype=torch.int64)
        targets_BM = torch.full_like(places_BM, IGNORED)
        for row, (window, seed) in enumerate(zip(windows_BT, seeds, strict=True)):
            options = {"seed": seed, "mask_prob": self.options.mask_probability}
            masked, hidden = masking.apply_mask([window[1:]], dictionary, padding, mask, **options)
            tokens_BT[row, 1:] = masked[0]
            places = (hidden[0] != padding).nonzero().flatten()
            places_BM[row, : len(places)] = places + 1
            targets_BM[row, : len(places)] = hidden[0][places]
        kinds = {"tokens": kinds_of(tokens_BT, masks=torch.tensor([mask]))}
        return Batch({"tokens_BT": tokens_BT, "places_BM": places_BM}, targets_BM, kinds)
