"""Images from a folder: decoded ahead, and refused in one line."""

from pathlib import Path

import pytest
import torch

from suite.errors import UserError
from suite.tasks.task import Batch
from tests.suite.builders.image_tasks import folder_task
from tests.suite.builders.tiny_images import image_folder


def equal(one: Batch, other: Batch) -> bool:
    return torch.equal(one.inputs["images_BCHW"], other.inputs["images_BCHW"]) and torch.equal(
        one.targets, other.targets
    )


def test_decoding_ahead_in_processes_changes_nothing(tmp_path: Path) -> None:
    root = image_folder(tmp_path)
    alone, ahead = folder_task(root), folder_task(root, workers=2)
    assert all(equal(alone.train_batch(step), ahead.train_batch(step)) for step in range(4))
    assert all(equal(one, other) for one, other in zip(alone.eval_batches(), ahead.eval_batches(), strict=True))


def test_the_record_counts_the_files_of_both_parts(tmp_path: Path) -> None:
    (entry,) = folder_task(image_folder(tmp_path)).data_record()
    assert entry["images"] == {"train": 18, "held_out": 18} and entry["classes"] == 3


def test_bad_input_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"task\.data\.root: not set; draw some"):
        folder_task(None).prepare()
    with pytest.raises(UserError, match=r"task\.data\.root: .*train is missing or holds no images .*; draw some"):
        folder_task(tmp_path).prepare()
    root = image_folder(tmp_path / "folder")
    (root / "val" / "n00000002").rename(root / "val" / "n00000009")
    with pytest.raises(UserError, match="other classes in train than in val"):
        folder_task(root).prepare()
