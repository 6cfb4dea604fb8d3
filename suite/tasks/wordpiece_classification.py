"""Text classification in a trained BERT's tokens: ``[CLS] text [SEP]``, or ``[CLS] text [SEP] pair [SEP]``."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suite.data.parts import Part
from suite.tasks.classification import Classification
from suite.tasks.labelled_text import SequenceInputs, truncate
from suite.tasks.labelled_tokens import ModelTokens, Tokens
from suite.tasks.task import Batch, TextInputs


class WordPieceClassification(Classification):
    """As :class:`~suite.tasks.classification.Classification`, in another model's tokens and with token types."""

    objective = "wordpiece_classification"
    Inputs = SequenceInputs

    @cached_property
    def tokens(self) -> Tokens:
        """The trained model's."""
        return ModelTokens(self.data.tokenizer_of, self.data_dir)

    @cached_property
    def inputs(self) -> TextInputs:
        """The trained model's symbols and context, and the number of classes."""
        dictionary = self.tokens.dictionary(self.examples.tokenizer)
        return replace(TextInputs(dictionary, self.options.context), classes=len(self.data.classes))

    def sequence(self, part: Part, place: int) -> list[int]:
        """The tokens of an example, at most ``length``."""
        text, pair = self.examples.tokens(part, place)
        text, pair = truncate(text, pair, self.options.length - (3 if pair else 2))
        symbols = self.inputs.dictionary
        first = [symbols.start(), *text, symbols.separator()]
        return [*first, *pair, symbols.separator()] if pair else first

    def make_batch(self, part: Part, places: NDArray[np.int64], mine: slice) -> Batch:
        """With the type of each token, int64 ``[B, T]``: 0 in the first text, 1 in its pair."""
        batch = super().make_batch(part, places, mine)
        separator_BT = batch.inputs["tokens_BT"] == self.inputs.dictionary.separator()
        behind_BT = separator_BT.cumsum(1) > separator_BT.long()
        padding_BT = batch.inputs["tokens_BT"] == self.inputs.dictionary.pad()
        return replace(batch, inputs=batch.inputs | {"types_BT": (behind_BT & ~padding_BT).long()})
