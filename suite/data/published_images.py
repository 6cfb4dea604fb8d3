"""Image data sets with the parts that their makers drew: from the user's folder or zip, else by torchvision.

A folder has ImageFolder's layout, ``train/<class>/*`` and ``test/<class>/*``; a zip holds the same.
"""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from suite.data.parts import PARTS, Part
from suite.data.registry import PublishedImages
from suite.errors import UserError

# An image, uint8 ``[channels, side, side]``, and the name of its class.
Labelled = tuple[NDArray[np.uint8], str]
FOLDERS: dict[Part, str] = {"train": "train", "held_out": "test"}


@dataclass(frozen=True)
class ImageTree:
    """The images in a folder or a zip; the same images are the same data in either.

    Attributes:
        entry: what the registry says of them.
        place: the folder or the zip.
        field: the setting that names it.
    """

    entry: PublishedImages
    place: Path
    field: str

    @property
    def name(self) -> str:
        """Of the registry's entry."""
        return self.entry.name

    def recipe(self) -> dict[str, Any]:
        """What decides the contents of data prepared from these files."""
        return {"name": self.name, "sha256": self._digest}

    def record(self) -> dict[str, str]:
        """What a run's record says: how files encode images, too, since JPEG changes pixels."""
        suffixes = sorted({name.suffix.lower().lstrip(".") for name, _ in self._files()})
        return self.entry.record() | {"sha256": self._digest, "encoding": ", ".join(suffixes)}

    def parts(self, cache: Path) -> dict[Part, list[Labelled]]:
        """All images by part, in order of their names.

        Raises:
            UserError: naming what differs from what the registry says: classes, their images, a file.
        """
        self._check_counts()
        found: dict[Part, list[Labelled]] = {part: [] for part in PARTS}
        part_of = {folder: part for part, folder in FOLDERS.items()}
        for name, content in self._files():
            found[part_of[name.parts[0]]].append((self._decoded(name, content), name.parts[1]))
        return found

    @cached_property
    def _digest(self) -> str:
        """SHA-256 of all names and contents."""
        total = hashlib.sha256()
        for name, content in self._files():
            total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
        return total.hexdigest()

    def _check_counts(self) -> None:
        counts = Counter(name.parts[:2] for name, _ in self._files())
        for part, folder in FOLDERS.items():
            present = sorted(label for place, label in counts if place == folder)
            if present != sorted(self.entry.classes):
                raise UserError(
                    f"{self.field}: {self.place} has the classes {', '.join(present) or '(none)'} in {folder}; "
                    f"expected {', '.join(self.entry.classes)}"
                )
            for label in present:
                if (number := counts[folder, label]) != self.entry.per_class[part]:
                    raise UserError(
                        f"{self.field}: {self.place} has {number} images in {folder}/{label}, "
                        f"expected {self.entry.per_class[part]}; unpack it whole"
                    )

    def _decoded(self, name: PurePosixPath, content: bytes) -> NDArray[np.uint8]:
        try:
            pixels = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise UserError(f"{self.field}: {name} of {self.place} is no whole image ({reason})") from None
        side = self.entry.side
        if pixels.shape != (side, side, 3):
            raise UserError(
                f"{self.field}: {name} of {self.place} is {pixels.shape[1]}×{pixels.shape[0]}; expected {side}×{side}"
            )
        return pixels.transpose(2, 0, 1)

    def _files(self) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Names ``part/class/file`` and contents, in order of names."""
        if self.place.is_dir():
            for file in sorted(file for folder in FOLDERS.values() for file in self.place.glob(f"{folder}/*/*")):
                yield PurePosixPath(file.relative_to(self.place).as_posix()), file.read_bytes()
            return
        try:
            with zipfile.ZipFile(self.place) as archive:
                for name in sorted(archive.namelist()):
                    path = PurePosixPath(name)
                    if not name.endswith("/") and len(path.parts) == 3 and path.parts[0] in FOLDERS.values():
                        yield path, archive.read(name)
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{self.field}: {self.place} is no folder and no whole zip ({error})") from None


@dataclass(frozen=True)
class DownloadedImages:
    """The images as torchvision downloads and checks them.

    Attributes:
        entry: what the registry says of them.
        field: the setting that names a folder in place of the download.
    """

    entry: PublishedImages
    field: str

    @property
    def name(self) -> str:
        """Of the registry's entry."""
        return self.entry.name

    def recipe(self) -> dict[str, Any]:
        """What decides the contents of data prepared from the download."""
        return {"name": self.name, "torchvision": self.entry.torchvision}

    def record(self) -> dict[str, str]:
        """What a run's record says."""
        return self.entry.record() | {"torchvision": self.entry.torchvision, "encoding": "as published"}

    def parts(self, cache: Path) -> dict[Part, list[Labelled]]:
        """All images by part, in the order of the data set.

        Raises:
            UserError: they cannot be downloaded, with the remedy.
        """
        from torchvision import datasets

        load = getattr(datasets, self.entry.torchvision)
        try:
            loaded = {part: load(str(cache / "torchvision"), part == "train", download=True) for part in PARTS}
        except (OSError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise UserError(
                f"data {self.name}: torchvision cannot download it ({reason}); check the network, or set {self.field} "
                "to a folder or zip with train/<class>/* and test/<class>/*"
            ) from None
        return {part: _labelled(images) for part, images in loaded.items()}


def _labelled(images: Any) -> list[Labelled]:
    """The images of a torchvision data set that holds them as an array."""
    pairs = zip(images.data, images.targets, strict=True)
    return [(image.transpose(2, 0, 1), images.classes[label]) for image, label in pairs]


def published_images(entry: PublishedImages, place: Path | None, field: str) -> ImageTree | DownloadedImages:
    """The images of ``entry``: at ``place``, named by the setting ``field``, or else downloaded.

    Raises:
        UserError: nothing is at ``place``.
    """
    if place is None:
        return DownloadedImages(entry, field)
    if not place.exists():
        raise UserError(f"{field}: {place} is not there; name a folder or zip with train/<class>/* and test/<class>/*")
    return ImageTree(entry, place, field)
