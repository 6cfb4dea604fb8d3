"""Prepared images: augmentation, their record, and bad input."""

from pathlib import Path

import numpy as np
import pytest

from suite.config.compose import compose
from suite.data.registry import source
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.prepared_images import augmented
from tests.suite.builders.image_tasks import prepared_task


def test_augmentation_moves_and_mirrors() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 1, 3, 3)
    views = {augmented(image, [seed], 1, True).tobytes() for seed in range(200)}
    assert len(views) == 2 * 9
    assert {augmented(image, [seed], 0, True).tobytes() for seed in range(20)} == {
        image.tobytes(),
        image[..., ::-1].tobytes(),
    }
    assert augmented(image, [5], 0, False).tobytes() == image.tobytes()


def test_the_record_says_that_the_split_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = prepared_task(tmp_path, monkeypatch).data_record()
    assert entry["prepared"]["images"]["held_out"] == {"bright": 10, "dark": 10, "middling": 10}
    assert "not comparable with published CIFAR-10 accuracy" in source("cifar10_test").record()["split"]


def test_bad_input_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"eval_examples: 1000 images exceed the held_out part of .* at most 30"):
        prepared_task(tmp_path, monkeypatch, eval_examples=1000)
    with pytest.raises(UserError, match=r"data: .* is not there; run "):
        build_task(compose(["task=cifar10_test_resplit"]), tmp_path / "nowhere").train_batch(0)


@pytest.mark.parametrize("name", ["wikipedia", "sotu"])
def test_a_source_without_images_is_refused(name: str, tmp_path: Path) -> None:
    task = build_task(compose(["task=cifar10_test_resplit", f"task.data.source={name}"]), tmp_path)
    with pytest.raises(UserError, match=rf"task\.data\.source: {name} holds no images; allowed here: a source with"):
        task.prepare()
