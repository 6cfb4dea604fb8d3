"""Images: prepared whole, split by class without overlap, in batches that depend on seed and step alone."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from suite.tasks.images import ImageClassification, summed_quality
from suite.tasks.task import Batch
from tests.suite.builders.image_tasks import folder_task, prepared_task
from tests.suite.builders.tiny_images import image_folder


@pytest.fixture(params=["prepared", "folder"])
def task(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageClassification:
    if request.param == "prepared":
        return prepared_task(tmp_path, monkeypatch)
    return folder_task(image_folder(tmp_path))


def equal(one: Batch, other: Batch) -> bool:
    return torch.equal(one.inputs["images_BCHW"], other.inputs["images_BCHW"]) and torch.equal(
        one.targets, other.targets
    )


def test_a_batch_depends_on_seed_and_step_alone(task: ImageClassification) -> None:
    before = torch.get_rng_state()
    straight = [task.train_batch(step) for step in range(5)]
    assert straight[0].inputs["images_BCHW"].dtype == torch.float32
    assert straight[0].inputs["images_BCHW"].shape == (8, 3, task.inputs.size, task.inputs.size)
    assert all(equal(task.train_batch(step), straight[step]) for step in (4, 1, 2))
    list(task.eval_batches())
    assert torch.equal(torch.get_rng_state(), before), "the model's dropout would depend on the data"
    other = type(task)(task.config, task.training, task.data_dir, seed=1)
    assert not equal(other.train_batch(0), straight[0])


def test_the_global_batch_is_the_same_for_every_world_size(task: ImageClassification) -> None:
    for world in (2, 4):
        ranks = [task.train_batch(3, rank, world) for rank in range(world)]
        joined = Batch(
            {"images_BCHW": torch.cat([batch.inputs["images_BCHW"] for batch in ranks])},
            torch.cat([batch.targets for batch in ranks]),
        )
        assert equal(joined, task.train_batch(3))
    whole = torch.cat([batch.targets for batch in task.eval_batches()])
    halves = [list(task.eval_batches(rank, 2)) for rank in range(2)]
    assert torch.equal(torch.cat([batch.targets for half in halves for batch in half]), whole)
    assert len(halves[0]) == len(halves[1])


def test_an_epoch_shows_every_training_image_once(task: ImageClassification) -> None:
    labels = task.labels("train")
    seen = np.concatenate([task.train_batch(step).targets.numpy() for step in range(-(-len(labels) // 8))])
    assert np.bincount(seen[: len(labels)]).tolist() == np.bincount(labels).tolist()


def test_held_out_images_are_all_classes_and_never_changed(task: ImageClassification) -> None:
    first, second = (list(task.eval_batches()) for _ in range(2))
    assert all(equal(a, b) for a, b in zip(first, second, strict=True))
    assert sum(batch.examples for batch in first) == 12
    assert set(torch.cat([batch.targets for batch in first]).tolist()) == {0, 1, 2}


def test_images_and_targets_belong_together(task: ImageClassification) -> None:
    """Brightness tells the class, augmented or not."""
    batches = [*(task.train_batch(step) for step in range(3)), *task.eval_batches()]
    centre_B = torch.cat([batch.inputs["images_BCHW"][..., 3:5, 3:5].mean((1, 2, 3)) for batch in batches])
    bright_B, dark_B, middling_B = (centre_B[torch.cat([b.targets for b in batches]) == k] for k in range(3))
    assert bright_B.min() > middling_B.max() and middling_B.min() > dark_B.max()


def test_quality_against_values_worked_by_hand() -> None:
    logits = torch.zeros(3, 8)
    logits[0, 2] = 1.0  # right
    logits[1, :5] = 1.0  # class 6 is none of the first five
    logits[2, 0], logits[2, 3] = 2.0, 1.0  # second
    loss, top1, top5, images = summed_quality(logits, torch.tensor([2, 6, 3])).tolist()
    e = math.e
    expected = math.log((e + 7) / e) + math.log(5 * e + 3) + math.log((e**2 + e + 6) / e)
    assert loss == pytest.approx(expected)
    assert (top1, top5, images) == (1, 2, 3)


def test_quality_is_that_of_all_ranks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(batch: Batch) -> torch.Tensor:
        return batch.inputs["images_BCHW"].mean((2, 3))

    task, sums = folder_task(image_folder(tmp_path)), []
    whole = task.evaluate(predict)
    monkeypatch.setattr("torch.distributed.all_reduce", lambda totals, group: sums.append(totals.clone()))
    for rank in range(2):
        task.evaluate(predict, rank, 2)
    monkeypatch.setattr("torch.distributed.all_reduce", lambda totals, group: totals.copy_(sum(sums)))
    assert task.evaluate(predict, 1, 2) == pytest.approx(whole)
    assert whole.keys() == {"loss", "top1", "top5"} and whole["top5"] == 1


def test_the_baseline_always_answers_the_majority_class(task: ImageClassification) -> None:
    found = task.baseline()
    assert found["name"] == "majority class"
    assert found["top1"] == pytest.approx(1 / 3) and found["top5"] == 1
    assert found["loss"] == pytest.approx(math.log(3))
