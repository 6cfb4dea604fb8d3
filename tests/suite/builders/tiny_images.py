"""Small made-up images: a prepared source in a cache of its own, and a folder of real files in ImageNet's layout."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from suite.data.images import Labelled
from suite.data.parts import Part
from suite.data.registry import MemberFiles, PublishedImages, Source
from tests.suite.builders.tiny_text import tiny_source

CLASSES = ("bright", "dark", "middling")
_LEVEL = {"bright": 190, "dark": 40, "middling": 115}


def labelled(per_class: int, side: int = 8, seed: int = 0) -> Iterator[Labelled]:
    """Distinct noisy images whose brightness tells their class."""
    draw = np.random.default_rng(seed)
    for _ in range(per_class):
        for name in CLASSES:
            yield draw.integers(_LEVEL[name] - 25, _LEVEL[name] + 25, (3, side, side), dtype=np.uint8), name


def read(_: list[Path]) -> Iterator[Labelled]:
    """The reader of :func:`tiny_images`."""
    return labelled(40)


def tiny_images(cache: Path) -> Source:
    """A source of 40 images per class, whose archive is already unpacked."""
    member = cache / "members" / "tiny.tar.gz" / "tiny" / "images"
    member.parent.mkdir(parents=True, exist_ok=True)
    member.touch()
    spec = MemberFiles(kind="members", members=["tiny/images"], reader=f"{__name__}.read")
    return tiny_source(cache, []).model_copy(update={"archive": "tiny.tar.gz", "documents": spec})


def published(root: Path, suffix: str = "png", side: int = 8) -> PublishedImages:
    """Write ``train`` and ``test`` by class in ImageFolder's layout, six and two of each; returns their entry."""
    per_class: dict[Part, int] = {"train": 6, "held_out": 2}
    for part, folder in (("train", "train"), ("held_out", "test")):
        for number, (image, name) in enumerate(labelled(per_class[part], side, seed=len(folder))):  # type: ignore[index]
            path = root / folder / name / f"{number:04}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.transpose(1, 2, 0)).save(path)
    about = {"title": "made-up images", "licence": "none", "split": "as published", "torchvision": "CIFAR10"}
    return PublishedImages(name="tiny", classes=list(CLASSES), per_class=per_class, side=side, **about)


def image_folder(root: Path, per_class: int = 6) -> Path:
    """``train/<wnid>/*.JPEG`` and ``val/<wnid>/*.JPEG``, files of various sizes; PNG inside some, as in ImageNet."""
    for part, seed in (("train", 0), ("val", 1)):
        draw = np.random.default_rng(seed)
        for number, (image, name) in enumerate(labelled(per_class, seed=seed)):
            folder = root / part / f"n{CLASSES.index(name):08}"
            folder.mkdir(parents=True, exist_ok=True)
            size = tuple(draw.integers(20, 40, 2).tolist())
            picture = Image.fromarray(image.transpose(1, 2, 0)).resize(size)
            picture.save(folder / f"{folder.name}_{number}.JPEG", format="PNG" if number % 5 == 0 else "JPEG")
    return root
