"""Made-up text, to build and run models of any size without data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models

from suite.data.parts import Part
from suite.data.tokenizer import SPECIAL_SYMBOLS


def made_up_tokenizer(vocabulary: int) -> Tokenizer:
    """A tokenizer of exactly ``vocabulary`` symbols: the special ones, then numbers."""
    numbers = range(len(SPECIAL_SYMBOLS), vocabulary)
    names = [*SPECIAL_SYMBOLS, *map(str, numbers)]
    words = {name: number for number, name in enumerate(names)}
    return Tokenizer(models.WordLevel(words, unk_token=SPECIAL_SYMBOLS[-1]))


class MadeUpText:
    """Token streams where only shapes matter: ordinary tokens, counted up from the first.

    Args:
        vocabulary: symbols of the tokenizer.
        tokens: length of either stream.
    """

    def __init__(self, vocabulary: int, tokens: int) -> None:
        self.tokenizer = made_up_tokenizer(vocabulary)
        ordinary = vocabulary - len(SPECIAL_SYMBOLS)
        self._stream = np.arange(tokens, dtype=np.int64) % ordinary + len(SPECIAL_SYMBOLS)

    def stream(self, part: Part) -> NDArray[Any]:
        """The tokens of a part, ``[tokens]``."""
        return self._stream
