"""Small images from the data registry, prepared as arrays."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt
from torch import Tensor

from suite.config.base import Strict
from suite.data.images import ImageRecipe, PreparedImages, prepare_images
from suite.data.parts import Part
from suite.data.published_images import published_images
from suite.data.registry import MemberFiles, PublishedImages, Source, source
from suite.errors import UserError
from suite.tasks.images import Draw, ImageClassification
from suite.tasks.task import ImageInputs


class PreparedData(Strict):
    """``task.data`` of prepared images."""

    source: str = Field(description="name in the data registry")
    held_out: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        description="share of each class kept out of training; null: the source's own test part"
    )
    cifar10_dir: Path | None = Field(None, description="folder or zip of CIFAR-10, in place of the download")


class PreparedInputs(Strict):
    """``task.training.<scale>.inputs`` of prepared images."""

    shift: NonNegativeInt = Field(
        description="pixels by which training images are moved at most, up, down and sideways"
    )
    flip: bool = Field(description="whether every other training image, on average, is mirrored")


class PreparedImageClassification(ImageClassification):
    """Images keep their size. A shift fills the free border with black."""

    Data: ClassVar[type[PreparedData]] = PreparedData
    Inputs: ClassVar[type[PreparedInputs]] = PreparedInputs
    data: PreparedData
    options: PreparedInputs

    def prepare(self) -> None:
        """Download and unpack missing data."""
        prepare_images(self._recipe, self.data_dir)
        self.require_enough("images")

    @cached_property
    def images(self) -> PreparedImages:
        """The prepared images, mapped from disk."""
        return PreparedImages(self._recipe.folder(self.data_dir))

    @cached_property
    def inputs(self) -> ImageInputs:
        """Size, channels and classes as prepared."""
        _, channels, size, _ = self.images.images("train").shape
        return ImageInputs(size, channels, len(self.images.manifest["classes"]))

    def data_record(self) -> list[dict[str, Any]]:
        """One entry."""
        manifest = self.images.manifest
        shared = {key: manifest[key] for key in ("held_out", "classes", "images", "files")}
        return [{**entry, "prepared": shared} for entry in manifest["sources"]]

    def labels(self, part: Part) -> NDArray[np.int64]:
        """As prepared."""
        return self.images.labels(part)

    def load(self, part: Part, batches: Iterable[list[Draw]]) -> Iterator[Tensor]:
        """Nothing is read ahead."""
        mean, deviation = (torch.tensor(self.images.manifest[name])[:, None, None] for name in ("mean", "deviation"))
        for draws in batches:
            images = self.images.images(part)[[place for place, _ in draws]]
            if part == "train":
                images = augmented(images, [seed for _, seed in draws], self.options.shift, self.options.flip)
            yield (torch.from_numpy(images).float() / 255 - mean) / deviation

    @cached_property
    def _recipe(self) -> ImageRecipe:
        images = source(self.data.source)
        if isinstance(images, PublishedImages) != (self.data.held_out is None):
            raise UserError(
                "task.data.held_out: a source with parts of its own takes null, any other a share of each class"
            )
        if isinstance(images, PublishedImages):
            return ImageRecipe(published_images(images, self.data.cifar10_dir, "cifar10_dir"), None)
        if not isinstance(images, Source) or not isinstance(images.documents, MemberFiles):
            raise UserError(f"task.data.source: {images.name} holds no images; allowed here: a source with a reader")
        return ImageRecipe(images, self.data.held_out)


def augmented(images_BCHW: NDArray[np.uint8], seeds: list[int], shift: int, flip: bool) -> NDArray[np.uint8]:
    """Images moved by up to ``shift`` pixels and, with ``flip``, mirrored at random; image b draws by ``seeds[b]``."""
    side = images_BCHW.shape[-1]
    padded = np.pad(images_BCHW, ((0, 0), (0, 0), (shift, shift), (shift, shift)))
    result = np.empty_like(images_BCHW)
    for number, seed in enumerate(seeds):
        down, right, mirrored = np.random.default_rng(seed).integers(0, (2 * shift + 1, 2 * shift + 1, 2))
        image = padded[number, :, down : down + side, right : right + side]
        result[number] = image[..., ::-1] if flip and mirrored else image
    return result
