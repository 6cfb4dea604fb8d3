"""Small tasks on made-up images: prepared ones, and those of a folder."""

from pathlib import Path
from typing import Any

import pytest

from suite.config.compose import compose
from suite.config.task import TaskConfig, Training
from suite.tasks.image_folder import ImageFolderClassification
from suite.tasks.images import ImageClassification
from suite.tasks.prepared_images import PreparedImageClassification
from tests.suite.builders.tiny_images import tiny_images


def make_task(target: type[ImageClassification], cache: Path, data: dict[str, Any], **training: Any) -> Any:
    plain = compose(["task=cifar10_test_resplit"])
    return target(
        TaskConfig.model_validate(plain.task.model_dump() | {"data": data}),
        Training.model_validate(plain.training.model_dump() | {"batch_examples": 8, "eval_examples": 12} | training),
        cache,
        training.pop("seed", 0),
    )


def prepared_task(cache: Path, monkeypatch: pytest.MonkeyPatch, **training: Any) -> PreparedImageClassification:
    tiny = tiny_images(cache)
    monkeypatch.setattr("suite.tasks.prepared_images.source", lambda _: tiny)
    task: PreparedImageClassification = make_task(
        PreparedImageClassification,
        cache,
        {"source": "tiny", "held_out": 0.25},
        **{"inputs": {"shift": 2, "flip": True}} | training,
    )
    task.prepare()
    return task


def folder_task(root: Path | None, **changes: Any) -> ImageFolderClassification:
    data = {"name": "tiny", "root": root, "how_to_get": "draw some", "workers": 0} | changes
    task: ImageFolderClassification = make_task(ImageFolderClassification, Path(), data, inputs={"size": 16})
    return task
