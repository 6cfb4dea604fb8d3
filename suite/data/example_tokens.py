"""Labelled examples as memory-mapped tokens, prepared once per recipe.

A prepared folder holds, for each part, ``<part>.bin`` (the tokens of all texts and pairs, one after the other),
``<part>_ends.npy`` (int64 ``[2 · examples]``, where each text and each pair ends) and ``<part>_labels.npy`` (uint8
``[examples]``). ``tokenizer.json`` is a copy of a prepared text's tokenizer.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from suite.data.example import Example
from suite.data.glue_folder import GlueTable
from suite.data.labelled import examples, split
from suite.data.parts import PARTS, Part
from suite.data.prepared import prepare_folder, read_manifest, recipe_folder
from suite.data.registry import AnySource
from suite.data.tokenizer import load_tokenizer, token_dtype
from suite.errors import UserError

FORMAT = 1
_EXAMPLES_PER_BATCH = 512


@dataclass(frozen=True)
class ExampleRecipe:
    """Everything that decides a prepared folder's contents.

    Attributes:
        train: the source of training examples.
        held_out: the sources of held-out examples, or the share of ``train``'s groups.
        classes: how many there are.
        tokenizer: file of the tokenizer.
        tokens: name of the tokens, which differs wherever they do.
    """

    train: AnySource | GlueTable
    held_out: tuple[AnySource | GlueTable, ...] | float
    classes: int
    tokenizer: Path
    tokens: str

    @property
    def sources(self) -> list[AnySource | GlueTable]:
        return [self.train] if isinstance(self.held_out, float) else [self.train, *self.held_out]

    def folder(self, cache: Path) -> Path:
        """Path of the prepared examples."""
        decisive = {
            "format": FORMAT,
            "sources": [source.recipe() for source in self.sources],
            "held_out": self.held_out if isinstance(self.held_out, float) else None,
            "classes": self.classes,
            "text": self.tokens,
        }
        return recipe_folder(cache / "examples", [source.name for source in self.sources], decisive)


class PreparedExamples:
    """A prepared folder, opened for reading. Tokens are memory-mapped, not loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.tokenizer: Tokenizer = load_tokenizer(folder / "tokenizer.json")
        self._array: Callable[[str], NDArray[Any]] = cache(lambda name: np.load(folder / name, mmap_mode="r"))
        self._tokens = cache(lambda part: np.memmap(folder / f"{part}.bin", self.manifest["dtype"], "r"))

    def count(self, part: Part) -> int:
        """Examples of a part."""
        return len(self.labels(part))

    def labels(self, part: Part) -> NDArray[np.uint8]:
        """The class of each example, uint8 ``[examples]``."""
        return self._array(f"{part}_labels.npy")

    def tokens(self, part: Part, number: int) -> tuple[list[int], list[int]]:
        """Tokens of an example's text and of its pair, empty if there is no pair."""
        ends = self._array(f"{part}_ends.npy")
        start = ends[2 * number - 1] if number else 0
        middle, end = ends[2 * number : 2 * number + 2]
        tokens = self._tokens(part)
        return tokens[start:middle].tolist(), tokens[middle:end].tolist()


def prepare_examples(recipe: ExampleRecipe, data_dir: Path) -> Path:
    """Make the prepared folder if it is missing, and return it. The tokenizer of ``recipe`` must be there.

    Raises:
        UserError: if data are missing or corrupted, or a label is out of range; with the remedy.
    """
    folder = recipe.folder(data_dir)
    prepare_folder(folder, lambda partial: _write(partial, recipe, data_dir))
    return folder


def _write(folder: Path, recipe: ExampleRecipe, data_dir: Path) -> dict[str, Any]:
    shutil.copy(recipe.tokenizer, folder / "tokenizer.json")
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    dtype = token_dtype(tokenizer)
    held_out = recipe.held_out
    parts = split(
        _checked(recipe.train, recipe.classes, data_dir),
        held_out
        if isinstance(held_out, float)
        else chain.from_iterable(_checked(source, recipe.classes, data_dir) for source in held_out),
    )
    counts = _encode(folder, parts, tokenizer, dtype)
    named = ", ".join(source.name for source in recipe.sources)
    for part in PARTS:
        if not counts[part]:
            raise UserError(f"data {named}: its {part} part is empty; change task.data.held_out")
    print(f"Prepared {counts['train']:,} + {counts['held_out']:,} examples of {named}", file=sys.stderr)
    return {
        "format": FORMAT,
        "sources": [source.record() for source in recipe.sources],
        "held_out": held_out if isinstance(held_out, float) else " + ".join(source.name for source in held_out),
        "vocabulary": tokenizer.get_vocab_size(),
        "dtype": dtype.name,
        "examples": counts,
    }


def _checked(source: AnySource | GlueTable, classes: int, data_dir: Path) -> Iterator[Example]:
    for example in examples(source, data_dir):
        if not 0 <= example.label < classes:
            raise UserError(
                f"data {source.name}: an example has the label {example.label}; "
                f"with {classes} names in task.data.classes, allowed: 0 to {classes - 1}"
            )
        yield example


def _encode(
    folder: Path, parts: Iterator[tuple[Example, Part]], tokenizer: Tokenizer, dtype: np.dtype[Any]
) -> dict[str, int]:
    """Write tokens, ends and labels of both parts; returns examples by part."""
    lengths: dict[str, list[int]] = {part: [] for part in PARTS}
    labels: dict[str, list[int]] = {part: [] for part in PARTS}
    with (folder / "train.bin").open("wb") as train, (folder / "held_out.bin").open("wb") as held_out:
        files = {"train": train, "held_out": held_out}
        while batch := list(islice(parts, _EXAMPLES_PER_BATCH)):
            texts = [text for example, _ in batch for text in (example.text, example.pair or "")]
            # A task says where a sequence begins and ends, so the tokenizer adds nothing.
            encodings = iter(tokenizer.encode_batch_fast(texts, add_special_tokens=False))
            for example, part in batch:
                for encoding in (next(encodings), next(encodings)):
                    np.array(encoding.ids, dtype=dtype).tofile(files[part])
                    lengths[part].append(len(encoding.ids))
                labels[part].append(example.label)
    for part in PARTS:
        np.save(folder / f"{part}_ends.npy", np.cumsum(lengths[part], dtype=np.int64))
        np.save(folder / f"{part}_labels.npy", np.array(labels[part], dtype=np.uint8))
    return {part: len(labels[part]) for part in PARTS}
