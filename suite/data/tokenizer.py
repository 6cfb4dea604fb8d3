"""A byte-level BPE: it encodes every string, and decoding restores it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from suite.loading import quiet_import

# The order fairseq's Dictionary expects: bos, pad, eos, unk.
SPECIAL_SYMBOLS = ("<s>", "<pad>", "</s>", "<unk>")
END_OF_DOCUMENT = SPECIAL_SYMBOLS.index("</s>")


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train a BPE of at most ``vocabulary`` tokens, special symbols included, on a stream of documents."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_SYMBOLS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _plain(tokenizer)


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer that was saved with its ``save``."""
    return _plain(Tokenizer.from_file(str(path)))


def symbols(tokenizer: Tokenizer) -> list[str]:
    """The tokenizer's tokens in the order of their ids."""
    by_token = tokenizer.get_vocab()
    return sorted(by_token, key=by_token.__getitem__)


def token_dtype(tokenizer: Tokenizer) -> np.dtype[Any]:
    """The narrowest type that holds the tokenizer's ids."""
    return np.dtype(np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32)


def make_dictionary(tokenizer: Tokenizer, extra_symbols: Iterable[str] = ()) -> Any:
    """fairseq's Dictionary with the tokenizer's ids, and ``extra_symbols`` behind them."""
    dictionary = quiet_import("fairseq.data.dictionary").Dictionary()
    for symbol in (*symbols(tokenizer)[len(SPECIAL_SYMBOLS) :], *extra_symbols):
        dictionary.add_symbol(symbol)
    return dictionary


@dataclass(frozen=True)
class WordPieces:
    """The symbols of a trained BERT's tokenizer, by id, as hosts and tasks ask for them."""

    symbols: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, token: int) -> str:
        return self.symbols[token]

    def pad(self) -> int:
        """Id of padding."""
        return self.symbols.index("[PAD]")

    def start(self) -> int:
        """Id of the symbol that every sequence begins with."""
        return self.symbols.index("[CLS]")

    def separator(self) -> int:
        """Id of the symbol that ends a text."""
        return self.symbols.index("[SEP]")


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    # Text that spells "</s>" must not become the special symbol. The saved file does not keep this setting.
    tokenizer.encode_special_tokens = True
    # Tokenizers of trained models may ask for both; a task cuts and pads as it needs.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
