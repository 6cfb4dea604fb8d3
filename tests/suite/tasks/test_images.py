"""Images: prepared whole, split by class without overlap, in batches that depend on seed and step alone."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from suite.config.compose import compose
from suite.config.task import TaskConfig, Training
from suite.data.images import PreparedImages, cifar10_hex, prepare_images, stratified
from suite.data.registry import source
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.image_folder import ImageFolderClassification
from suite.tasks.images import ImageClassification, summed_quality
from suite.tasks.prepared_images import PreparedImageClassification, augmented
from suite.tasks.task import Batch
from tests.suite.builders.tiny_images import image_folder, labelled, tiny_images


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


@pytest.fixture(params=["prepared", "folder"])
def task(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageClassification:
    if request.param == "prepared":
        return prepared_task(tmp_path, monkeypatch)
    return folder_task(image_folder(tmp_path))


def equal(one: Batch, other: Batch) -> bool:
    return torch.equal(one.inputs["images_BCHW"], other.inputs["images_BCHW"]) and torch.equal(
        one.targets, other.targets
    )


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
    folder = prepare_images(tiny, 0.25, tmp_path)
    images = PreparedImages(folder)
    assert images.images("train").shape == (90, 3, 8, 8) and images.images("held_out").shape == (30, 3, 8, 8)
    pixels = images.images("train").transpose(1, 0, 2, 3).reshape(3, -1) / 255
    assert images.manifest["mean"] == pytest.approx(pixels.mean(1).tolist())
    monkeypatch.setattr("suite.data.images.stratified", None)
    assert prepare_images(tiny, 0.25, tmp_path) == folder
    (folder / "train_labels.npy").write_bytes(b"half")
    with pytest.raises(UserError, match=f"{folder} is corrupted; delete it"):
        prepare_images(tiny, 0.25, tmp_path)


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


def test_augmentation_moves_and_mirrors() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 1, 3, 3)
    views = {augmented(image, [seed], 1, True).tobytes() for seed in range(200)}
    assert len(views) == 2 * 9
    assert {augmented(image, [seed], 0, True).tobytes() for seed in range(20)} == {
        image.tobytes(),
        image[..., ::-1].tobytes(),
    }
    assert augmented(image, [5], 0, False).tobytes() == image.tobytes()


def test_decoding_ahead_in_processes_changes_nothing(tmp_path: Path) -> None:
    root = image_folder(tmp_path)
    alone, ahead = folder_task(root), folder_task(root, workers=2)
    assert all(equal(alone.train_batch(step), ahead.train_batch(step)) for step in range(4))
    assert all(equal(one, other) for one, other in zip(alone.eval_batches(), ahead.eval_batches(), strict=True))


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


def test_the_record_says_that_the_split_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = prepared_task(tmp_path, monkeypatch).data_record()
    assert entry["prepared"]["images"]["held_out"] == {"bright": 10, "dark": 10, "middling": 10}
    assert "not comparable with published CIFAR-10 accuracy" in source("cifar10_test").record()["split"]
    (entry,) = folder_task(image_folder(tmp_path / "folder")).data_record()
    assert entry["images"] == {"train": 18, "held_out": 18} and entry["classes"] == 3


def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UserError, match="eval_examples: 1000 images exceed the held_out part of .*; allowed: at most 30"
    ):
        prepared_task(tmp_path, monkeypatch, eval_examples=1000)
    with pytest.raises(UserError, match=r"run python -m suite\.data\.prepare"):
        build_task(compose(["task=cifar10_test_resplit"]), tmp_path / "nowhere").train_batch(0)
    with pytest.raises(UserError, match=r"task\.data\.root: not set; draw some"):
        folder_task(None).prepare()
    with pytest.raises(UserError, match=r"task\.data\.root: .*train is missing or holds no images .*; draw some"):
        folder_task(tmp_path).prepare()
    root = image_folder(tmp_path / "folder")
    (root / "val" / "n00000002").rename(root / "val" / "n00000009")
    with pytest.raises(UserError, match="other classes in train than in val"):
        folder_task(root).prepare()
