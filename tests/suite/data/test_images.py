"""Prepared images: made once, split by class without overlap."""

import json
from collections import Counter
from pathlib import Path

import pytest

from suite.data.images import ImageRecipe, PreparedImages, cifar10_hex, prepare_images, stratified
from suite.errors import UserError
from tests.suite.builders.tiny_images import labelled, tiny_images


def test_the_split_is_stratified_disjoint_and_a_function_of_the_images() -> None:
    examples = list(labelled(40))
    parts = stratified(examples, 0.25)
    assert Counter(label for _, label in parts["held_out"]) == {"bright": 10, "dark": 10, "middling": 10}
    images = {part: [image.tobytes() for image, _ in parts[part]] for part in parts}
    assert sorted(images["train"] + images["held_out"]) == sorted(image.tobytes() for image, _ in examples)
    again = stratified([*examples[:7], *reversed(examples)], 0.25)
    assert {part: [image.tobytes() for image, _ in again[part]] for part in again} == images


def test_hex_pixels_are_read_as_colours(tmp_path: Path) -> None:
    rows = "\n".join("".join(f"#{row:02x}{column:02x}07" for column in range(32)) for row in range(32))
    example = {"input": rows + "\n", "target_scores": {"cat": 0, "dog": 1}}
    (tmp_path / "task.json").write_text(json.dumps({"examples": [example]}))
    ((image, label),) = cifar10_hex([tmp_path / "task.json"])
    assert label == "dog" and image.shape == (3, 32, 32)
    assert image[:, 5, 9].tolist() == [5, 9, 7]


def test_images_are_prepared_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tiny_images(tmp_path)
    folder = prepare_images(ImageRecipe(tiny, 0.25), tmp_path)
    images = PreparedImages(folder)
    assert images.images("train").shape == (90, 3, 8, 8) and images.images("held_out").shape == (30, 3, 8, 8)
    pixels = images.images("train").transpose(1, 0, 2, 3).reshape(3, -1) / 255
    assert images.manifest["mean"] == pytest.approx(pixels.mean(1).tolist())
    monkeypatch.setattr("suite.data.images.stratified", None)
    assert prepare_images(ImageRecipe(tiny, 0.25), tmp_path) == folder
    (folder / "train_labels.npy").write_bytes(b"half")
    with pytest.raises(UserError, match=f"{folder} is corrupted; delete it"):
        prepare_images(ImageRecipe(tiny, 0.25), tmp_path)
