"""Images from the user's folder, in ImageNet's layout, decoded on the fly."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from suite.config.base import Strict
from suite.data.parts import Part
from suite.errors import UserError
from suite.tasks.images import Draw, ImageClassification
from suite.tasks.task import ImageInputs

FOLDERS: dict[Part, str] = {"train": "train", "held_out": "val"}
# Share of an image's shorter side that an evaluation shows; the usual one for ImageNet.
_CENTRE = 0.875


class FolderData(Strict):
    """``task.data`` of a folder of images."""

    name: str = Field(description="what the record calls these images")
    root: Path | None = Field(description="folder with train/<class>/* and val/<class>/*")
    how_to_get: str = Field(description="said when the folder is missing")
    workers: NonNegativeInt = Field(description="processes per rank that decode ahead; 0 decodes in the rank itself")


class FolderInputs(Strict):
    """``task.training.<scale>.inputs`` of a folder of images."""

    size: PositiveInt = Field(description="pixels per side that the model sees")


class ImageFolderClassification(ImageClassification):
    """Training images are cropped at random, resized and mirrored; held-out ones are resized and cropped in the centre.

    Each rank reads only the files of its own examples.
    """

    Data: ClassVar[type[FolderData]] = FolderData
    Inputs: ClassVar[type[FolderInputs]] = FolderInputs
    data: FolderData
    options: FolderInputs

    def prepare(self) -> None:
        """Check that both parts are there, with the same classes."""
        if self.folders["train"].classes != self.folders["held_out"].classes:
            raise UserError(f"task.data.root: {self.data.root} has other classes in train than in val")
        self.require_enough("images")

    @cached_property
    def folders(self) -> dict[Part, ImageFolder]:
        """Lists of all files, without their contents."""
        return {part: self._folder(name) for part, name in FOLDERS.items()}

    @cached_property
    def inputs(self) -> ImageInputs:
        """Colour images of the configured size."""
        return ImageInputs(self.options.size, 3, len(self.folders["train"].classes))

    def data_record(self) -> list[dict[str, Any]]:
        """One entry, with a digest of the names of all files."""
        return [
            {
                "name": self.data.name,
                "title": self.config.summary,
                "split": "train and val, as published",
                "images": {part: len(folder) for part, folder in self.folders.items()},
                "classes": self.inputs.classes,
                "listing_sha256": {part: _listing_sha256(folder) for part, folder in self.folders.items()},
            }
        ]

    def labels(self, part: Part) -> NDArray[np.int64]:
        """The folder that each file lies in."""
        return self._labels[part]

    def load(self, part: Part, batches: Iterable[list[Draw]]) -> Iterator[Tensor]:
        """Decoded by worker processes, two batches per worker ahead."""
        return iter(
            DataLoader(
                _Decoded(self.folders[part], _transform(part, self.options.size)),
                batch_sampler=batches,
                num_workers=self.data.workers,
                generator=torch.Generator(),  # the loader draws a seed, which must not advance the model's generator
            )
        )

    @cached_property
    def _labels(self) -> dict[Part, NDArray[np.int64]]:
        return {part: np.array(folder.targets, dtype=np.int64) for part, folder in self.folders.items()}

    def _folder(self, name: str) -> ImageFolder:
        if self.data.root is None:
            raise UserError(f"task.data.root: not set; {self.data.how_to_get}")
        try:
            return ImageFolder(self.data.root / name)
        except FileNotFoundError:
            raise UserError(
                f"task.data.root: {self.data.root / name} is missing or holds no images in folders by class; "
                f"{self.data.how_to_get}"
            ) from None


class _Decoded(Dataset[Tensor]):
    """Transformed images by (place, seed)."""

    def __init__(self, folder: ImageFolder, transform: v2.Transform) -> None:
        self.folder, self.transform = folder, transform

    def __getitem__(self, draw: Draw) -> Tensor:
        place, seed = draw
        path, _ = self.folder.samples[place]
        # torchvision draws from torch's global generator, which is the model's if the rank itself decodes.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            image: Tensor = self.transform(self.folder.loader(path))
        return image


def _transform(part: Part, size: int) -> v2.Transform:
    crops = {
        "train": [v2.RandomResizedCrop(size, interpolation=v2.InterpolationMode.BICUBIC), v2.RandomHorizontalFlip()],
        "held_out": [
            v2.Resize(round(size / _CENTRE), interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(size),
        ],
    }
    to_floats = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
    return v2.Compose([*crops[part], *to_floats, v2.Normalize(IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD)])


def _listing_sha256(folder: ImageFolder) -> str:
    names = (str(Path(path).relative_to(folder.root)) for path, _ in folder.samples)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
