"""Text as memory-mapped token streams, prepared once per recipe and shared by all runs with that recipe.

A prepared folder holds ``train.bin`` and ``held_out.bin`` (documents in order, each followed by ``</s>``),
``tokenizer.json``, ``train_counts.npy`` (how often each token occurs in ``train.bin``) and ``manifest.json``.

A corpus is read one document at a time, once for the tokenizer and once for the tokens. In training, streams are
memory-mapped: each rank reads only the windows of its own part of a batch.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from tokenizers import Tokenizer

from suite.data.fetch import archive_path, fetch, verify
from suite.data.parts import Part
from suite.data.prepared import prepare_folder, read_manifest, recipe_folder
from suite.data.registry import AnySource, Source
from suite.data.text import documents, split
from suite.data.tokenizer import END_OF_DOCUMENT, load_tokenizer, token_dtype, train_tokenizer

FORMAT = 1
_DOCUMENTS_PER_BATCH = 512


@dataclass(frozen=True)
class TextRecipe:
    """Everything that decides a prepared folder's contents.

    Attributes:
        sources: where documents come from; equal documents count once over all of them.
        held_out: share of documents kept out of training, in (0, 1).
        vocabulary: tokens of the BPE, which is trained on the training part only.
        most: number of documents to read from the start of each source; ``None`` reads all.
    """

    sources: Sequence[AnySource]
    held_out: float
    vocabulary: int
    most: int | None = None

    def folder(self, cache: Path) -> Path:
        """Path of the prepared text."""
        decisive = {
            "format": FORMAT,
            "sources": [source.recipe() for source in self.sources],
            "held_out": self.held_out,
            "vocabulary": self.vocabulary,
            "most": self.most,
        }
        return recipe_folder(cache / "text", [source.name for source in self.sources], decisive)


class TokenStreams(Protocol):
    """Tokens by part, and the tokenizer whose numbers they are."""

    tokenizer: Tokenizer

    def stream(self, part: Part) -> NDArray[Any]:
        """The tokens of a part, unsigned or int64 ``[tokens]``."""


class PreparedText:
    """A prepared folder, opened for reading. Token streams are memory-mapped, not loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.tokenizer: Tokenizer = load_tokenizer(folder / "tokenizer.json")

    def stream(self, part: Part) -> NDArray[Any]:
        """The tokens of a part, ``[tokens]``, as a read-only memory map."""
        return np.memmap(self.folder / f"{part}.bin", dtype=self.manifest["dtype"], mode="r")

    def train_counts(self) -> NDArray[np.int64]:
        """Occurrences of each token in the training part, int64 ``[vocabulary]``."""
        counts_V: NDArray[np.int64] = np.load(self.folder / "train_counts.npy")
        return counts_V


def prepare_text(recipe: TextRecipe, cache: Path) -> Path:
    """Make the prepared folder if it is missing, and return it. Safe to call from several processes.

    Args:
        recipe: what to prepare.
        cache: the data cache.

    Raises:
        UserError: if an archive is missing or corrupted, or a prepared file is; with the remedy.
    """
    folder = recipe.folder(cache)
    if folder.exists():
        for source in recipe.sources:
            if isinstance(source, Source) and archive_path(source, cache).exists():
                verify(source, archive_path(source, cache))
    prepare_folder(folder, lambda partial: _write(partial, recipe, cache))
    return folder


def _write(folder: Path, recipe: TextRecipe, cache: Path) -> dict[str, Any]:
    """Fill the folder; returns what its manifest says."""
    archives = [fetch(source, cache) if isinstance(source, Source) else None for source in recipe.sources]

    def pieces(description: str) -> Iterator[tuple[str, Part]]:
        places = zip(recipe.sources, archives, strict=True)
        texts = (text for source, archive in places for text in islice(documents(source, archive), recipe.most))
        yield from split(track(texts, description, console=Console(stderr=True)), recipe.held_out)

    training = (document for document, part in pieces("Training the tokenizer") if part == "train")
    tokenizer = train_tokenizer(training, recipe.vocabulary)
    tokenizer.save(str(folder / "tokenizer.json"))
    dtype = token_dtype(tokenizer)
    counts, kept, tokens = _encode(folder, pieces("Encoding documents"), tokenizer, dtype)
    np.save(folder / "train_counts.npy", counts)
    print(
        f"Prepared {tokens['train']:,} + {tokens['held_out']:,} tokens of {', '.join(s.name for s in recipe.sources)}",
        file=sys.stderr,
    )
    return {
        "format": FORMAT,
        "sources": [source.record() for source in recipe.sources],
        "held_out": recipe.held_out,
        "vocabulary": tokenizer.get_vocab_size(),
        "documents_per_source": recipe.most,
        "dtype": dtype.name,
        "documents": dict(kept),
        "tokens": dict(tokens),
    }


def _encode(
    folder: Path, pieces: Iterator[tuple[str, Part]], tokenizer: Tokenizer, dtype: np.dtype[Any]
) -> tuple[NDArray[np.int64], Counter[str], Counter[str]]:
    """Write both streams; return the training part's token counts, and documents and tokens per part."""
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    kept: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    with (folder / "train.bin").open("wb") as train, (folder / "held_out.bin").open("wb") as held_out:
        files = {"train": train, "held_out": held_out}
        while batch := list(islice(pieces, _DOCUMENTS_PER_BATCH)):
            encodings = tokenizer.encode_batch_fast([document for document, _ in batch])
            for (_, part), encoding in zip(batch, encodings, strict=True):
                ids = np.array([*encoding.ids, END_OF_DOCUMENT], dtype=dtype)
                ids.tofile(files[part])
                kept[part] += 1
                tokens[part] += len(ids)
                if part == "train":
                    counts += np.bincount(ids, minlength=len(counts))
    return counts, kept, tokens
