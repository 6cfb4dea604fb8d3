"""Images of a folder are those of a zip of it, and what is wrong with either is said in one line."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from suite.config.compose import compose
from suite.data.images import ImageRecipe, PreparedImages, prepare_images
from suite.data.published_images import ImageTree, published_images
from suite.data.registry import PublishedImages, source
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.prepared_images import PreparedImageClassification
from tests.suite.builders.image_tasks import make_task
from tests.suite.builders.tiny_images import CLASSES, published

FIELD = "cifar10_dir"


def tree(place: Path, entry: PublishedImages) -> ImageTree:
    found = published_images(entry, place, FIELD)
    assert isinstance(found, ImageTree)
    return found


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def test_a_zip_holds_the_data_of_its_folder(tmp_path: Path) -> None:
    entry = published(tmp_path / "a")
    folder, archive = tree(tmp_path / "a", entry), tree(zipped(tmp_path / "a"), entry)
    assert folder.recipe() == archive.recipe() and folder.record() == archive.record()
    assert folder.record()["encoding"] == "png"
    images = PreparedImages(prepare_images(ImageRecipe(archive, None), tmp_path / "cache"))
    assert images.images("train").shape == (18, 3, 8, 8) and images.images("held_out").shape == (6, 3, 8, 8)
    assert images.manifest["classes"] == sorted(CLASSES) and images.manifest["held_out"] == "as published"
    brightness = [images.images("train")[images.labels("train") == label].mean() for label in range(3)]
    assert np.argsort(brightness).tolist() == [1, 2, 0]  # dark, middling, bright
    (tmp_path / "a" / "test" / "dark" / "0001.png").write_bytes(b"changed")
    assert tree(tmp_path / "a", entry).recipe() != archive.recipe()


def break_off(archive: Path) -> Path:
    archive.write_bytes(archive.read_bytes()[:-200])
    return archive


def edited(change: Any) -> Any:
    def damage(folder: Path) -> Path:
        change(folder)
        return folder

    return damage


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            edited(lambda folder: shutil.rmtree(folder / "test")),
            r"has the classes \(none\) in test; expected bright, dark",
        ),
        (
            edited(lambda folder: (folder / "train" / "dark").rename(folder / "train" / "dim")),
            "classes bright, dim, middling",
        ),
        (
            edited(lambda folder: next((folder / "train" / "dark").iterdir()).unlink()),
            "has 5 images in train/dark, expected 6",
        ),
        (
            edited(lambda folder: (folder / "test/dark/0001.png").write_bytes(b"half")),
            r"test/dark/0001\.png of .* is no whole image",
        ),
        (edited(lambda folder: published(folder, side=9)), "is 9×9; expected 8×8"),
        (lambda folder: break_off(zipped(folder)), "is no folder and no whole zip"),
        (lambda folder: folder / "nowhere", "nowhere is not there; name a folder or zip"),
    ],
)
def test_a_folder_that_is_another_is_refused(damage: Any, reason: str, tmp_path: Path) -> None:
    entry = published(tmp_path / "a")
    place = damage(tmp_path / "a")
    with pytest.raises(UserError, match=rf"^{FIELD}: .*{reason}") as caught:
        tree(place, entry).parts(tmp_path)
    assert "\n" not in str(caught.value)


def test_without_a_folder_torchvision_downloads_and_its_failure_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = published(tmp_path / "a")

    def download(root: str, train: bool, download: bool) -> SimpleNamespace:
        assert Path(root).parent == tmp_path and download
        pixels = np.full((2, 8, 8, 3), 7 if train else 9, dtype=np.uint8)
        return SimpleNamespace(data=pixels, targets=[1, 0], classes=list(CLASSES))

    monkeypatch.setattr("torchvision.datasets.CIFAR10", download)
    parts = published_images(entry, None, FIELD).parts(tmp_path)
    assert [(image.shape, int(image[0, 0, 0]), label) for image, label in parts["held_out"]] == [
        ((3, 8, 8), 9, "dark"),
        ((3, 8, 8), 9, "bright"),
    ]

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.datasets.CIFAR10", unreachable)
    with pytest.raises(UserError, match=r"torchvision cannot download it \(no route to host\).*set cifar10_dir"):
        published_images(entry, None, FIELD).parts(tmp_path)


def test_the_task_holds_out_the_published_test_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = published(tmp_path / "a")
    monkeypatch.setattr("suite.tasks.prepared_images.source", lambda _: entry)
    data = {"source": "tiny", "held_out": None, "cifar10_dir": tmp_path / "a"}
    options = {"inputs": {"shift": 2, "flip": True}, "eval_examples": 3, "final_examples": "all"}
    task = make_task(PreparedImageClassification, tmp_path / "cache", data, **options)
    task.prepare()
    assert task.final_examples == 6 == sum(len(batch.targets) for batch in task.eval_batches(final=True))
    (record,) = task.data_record()
    assert record["encoding"] == "png" and record["prepared"]["images"]["held_out"] == dict.fromkeys(CLASSES, 2)
    with pytest.raises(UserError, match=r"held_out: a source with parts of its own takes null"):
        make_task(PreparedImageClassification, tmp_path / "cache", data | {"held_out": 0.2}, **options).prepare()


def test_cifar10_is_whole_and_its_folder_is_a_setting() -> None:
    entry = source("cifar10")
    assert isinstance(entry, PublishedImages) and len(entry.classes) == 10
    config = compose(["scale=mini", "model=swin_moe", "task=cifar10", "cifar10_dir=/some/where.zip"])
    assert build_task(config).data.cifar10_dir == Path("/some/where.zip")  # type: ignore[attr-defined]
    assert "encoded anew as JPEG" in entry.split
