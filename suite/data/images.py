"""Labelled images as memory-mapped arrays, prepared once per recipe and shared by all runs with that recipe.

A prepared folder holds ``<part>_images.npy``, uint8 ``[n, channels, side, side]``, and ``<part>_labels.npy``, int64
``[n]``, of the parts ``train`` and ``held_out``. The manifest has the classes, the number of images by part and class,
and each channel's mean and deviation over the training part, of pixels in [0, 1].
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.data.fetch import unpacked
from suite.data.parts import PARTS, Part
from suite.data.prepared import prepare_folder, read_manifest, recipe_folder
from suite.data.published_images import DownloadedImages, ImageTree, Labelled
from suite.data.registry import MemberFiles, Source
from suite.loading import load_object

FORMAT = 1


@dataclass(frozen=True)
class ImageRecipe:
    """Everything that decides a prepared folder's contents.

    Attributes:
        source: its reader yields :data:`Labelled`, and equal images count once; or it has parts of its own.
        held_out: share of each class kept out of training, in (0, 1); ``None`` where the source has parts.
    """

    source: Source | ImageTree | DownloadedImages
    held_out: float | None

    def folder(self, cache: Path) -> Path:
        """Path of the prepared images."""
        decisive = {"format": FORMAT, "source": self.source.recipe(), "held_out": self.held_out}
        return recipe_folder(cache / "images", [self.source.name], decisive)


class PreparedImages:
    """A prepared folder, opened for reading. Images are memory-mapped, not loaded."""

    def __init__(self, folder: Path) -> None:
        self.manifest = read_manifest(folder)
        self._images: dict[Part, NDArray[np.uint8]] = {
            part: np.load(folder / f"{part}_images.npy", mmap_mode="r") for part in PARTS
        }
        self._labels: dict[Part, NDArray[np.int64]] = {part: np.load(folder / f"{part}_labels.npy") for part in PARTS}

    def images(self, part: Part) -> NDArray[np.uint8]:
        """All images of a part, uint8 ``[n, channels, side, side]``, as a read-only memory map."""
        return self._images[part]

    def labels(self, part: Part) -> NDArray[np.int64]:
        """Their classes, int64 ``[n]``: indices into the manifest's ``classes``."""
        return self._labels[part]


def prepare_images(recipe: ImageRecipe, cache: Path) -> Path:
    """Make the prepared folder if it is missing, and return it. Safe to call from several processes.

    Args:
        recipe: what to prepare.
        cache: the data cache.

    Raises:
        UserError: if the archive is missing or corrupted, or a prepared file is; with the remedy.
    """
    folder = recipe.folder(cache)
    prepare_folder(folder, lambda partial: _write(partial, recipe, cache))
    return folder


def stratified(examples: Iterable[Labelled], held_out: float) -> dict[Part, list[Labelled]]:
    """Distinct images by part. The share ``held_out`` of each class, those with the smallest hashes, is held out.

    The parts depend on the images, not on their order. Within a part, images are ordered by hash.
    """
    by_class: dict[str, dict[bytes, Labelled]] = {}
    seen: set[bytes] = set()
    for image, label in examples:
        digest = hashlib.sha256(image.tobytes()).digest()
        if digest not in seen:
            seen.add(digest)
            by_class.setdefault(label, {})[digest] = image, label
    parts: dict[Part, dict[bytes, Labelled]] = {"train": {}, "held_out": {}}
    for members in by_class.values():
        for place, digest in enumerate(sorted(members)):
            parts["held_out" if place < round(held_out * len(members)) else "train"][digest] = members[digest]
    return {part: [members[digest] for digest in sorted(members)] for part, members in parts.items()}


def cifar10_hex(paths: list[Path]) -> Iterator[Labelled]:
    """Read BIG-bench's CIFAR-10: pixels written as ``#rrggbb``, a row of 32 to a line."""
    (path,) = paths
    for example in json.loads(path.read_text())["examples"]:
        digits = example["input"].replace("#", "").replace("\n", "")
        pixels = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8).reshape(32, 32, 3)
        yield pixels.transpose(2, 0, 1), max(example["target_scores"], key=example["target_scores"].__getitem__)


def _drawn(source: Source, held_out: float | None, cache: Path) -> dict[Part, list[Labelled]]:
    assert isinstance(source.documents, MemberFiles) and held_out is not None
    read: Callable[[list[Path]], Iterator[Labelled]] = load_object("registry.reader", source.documents.reader)
    return stratified(read(unpacked(source, cache)), held_out)


def _write(folder: Path, recipe: ImageRecipe, cache: Path) -> dict[str, Any]:
    source, held_out = recipe.source, recipe.held_out
    parts = _drawn(source, held_out, cache) if isinstance(source, Source) else source.parts(cache)
    classes = sorted({label for _, label in parts["train"]})
    counts: dict[str, dict[str, int]] = {}
    for part, examples in parts.items():
        images = np.stack([image for image, _ in examples])
        labels = np.array([classes.index(label) for _, label in examples], dtype=np.int64)
        np.save(folder / f"{part}_images.npy", images)
        np.save(folder / f"{part}_labels.npy", labels)
        counts[part] = dict(zip(classes, np.bincount(labels, minlength=len(classes)).tolist(), strict=True))
        if part == "train":
            # A channel at a time: as floating-point numbers, pixels take eight times their memory.
            channels = range(images.shape[1])
            mean = [float((images[:, channel].ravel() / 255).mean()) for channel in channels]
            deviation = [float((images[:, channel].ravel() / 255).std()) for channel in channels]
    print(f"Prepared {len(parts['train']):,} + {len(parts['held_out']):,} images of {source.name}", file=sys.stderr)
    return {
        "format": FORMAT,
        "sources": [source.record()],
        "held_out": "as published" if held_out is None else held_out,
        "classes": classes,
        "images": counts,
        "mean": mean,
        "deviation": deviation,
    }
