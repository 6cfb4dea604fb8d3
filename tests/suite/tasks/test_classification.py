"""Text classification: tokens, padding, and scores that do not depend on how many ranks compute them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from suite.config.compose import compose
from suite.errors import UserError
from suite.tasks.classification import Classification
from suite.tasks.labelled_text import truncate
from suite.tasks.row_kinds import DISTINCT, PADDING, REPEATED
from suite.tasks.task import Batch
from tests.ranks import run_ranks
from tests.suite.builders.tiny_labelled import tiny_examples, tiny_task

EOS, PAD = 2, 1


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classification:
    return tiny_task(Classification, tmp_path, monkeypatch)


def tokens(batch: Batch) -> Tensor:
    return batch.inputs["tokens_BT"]


def rows(batch: Batch) -> list[list[int]]:
    return [[token for token in row if token != PAD] for row in tokens(batch).tolist()]


def by_count(batch: Batch) -> Tensor:
    """A model: its logits depend on a sequence's real tokens alone."""
    real_BT = tokens(batch) != PAD
    return torch.stack([(tokens(batch) * real_BT).sum(1) % 7, real_BT.sum(1) % 5], dim=1).float()


def test_a_batch_depends_on_seed_and_step_alone(
    task: Classification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = [task.train_batch(step) for step in range(30)]
    again = tiny_task(Classification, tmp_path, monkeypatch)
    for step in (29, 3, 0):
        assert torch.equal(tokens(again.train_batch(step)), tokens(straight[step]))
        assert torch.equal(again.train_batch(step).targets, straight[step].targets)
    other = tiny_task(Classification, tmp_path, monkeypatch, seed=1)
    assert rows(other.train_batch(0)) != rows(straight[0])


@pytest.mark.parametrize("route_padding", [False, True])
@pytest.mark.parametrize("world", [2, 4])
def test_ranks_share_out_the_global_batch(
    world: int, route_padding: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tiny_task(Classification, tmp_path, monkeypatch, route_padding=route_padding)
    for step in (0, 40):
        parts = [task.train_batch(step, rank, world) for rank in range(world)]
        assert torch.equal(torch.cat([tokens(part) for part in parts]), tokens(task.train_batch(step)))
        assert torch.equal(torch.cat([part.targets for part in parts]), task.train_batch(step).targets)
    ranks = [list(task.eval_batches(rank, world)) for rank in range(world)]
    assert len({len(rank) for rank in ranks}) == 1
    assert [row for rank in ranks for batch in rank for row in rows(batch)] == [
        row for batch in task.eval_batches() for row in rows(batch)
    ]


def test_a_sequence_ends_with_the_end_of_text_and_pairs_have_one_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pairs in (False, True):
        task = tiny_task(Classification, tmp_path / str(pairs), monkeypatch, tiny_examples(200, pairs))
        for place in range(5):
            text, pair = task.examples.tokens("train", place)
            assert bool(pair) == pairs
            kept_text, kept_pair = truncate(text, pair, 24 - 1 - pairs)
            wanted = [*kept_text, EOS, *kept_pair, EOS] if pairs else [*kept_text, EOS]
            assert task.sequence("train", place) == wanted and len(wanted) <= 24


def test_padded_and_unpadded_twins_hold_the_same_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = tiny_task(Classification, tmp_path, monkeypatch)
    padded = tiny_task(Classification, tmp_path, monkeypatch, route_padding=True)
    for step in range(5):
        one, other = plain.train_batch(step), padded.train_batch(step)
        assert rows(one) == rows(other) and torch.equal(one.targets, other.targets)
        assert tokens(one).shape[1] == max(map(len, rows(one))) <= 24
        assert tokens(other).shape[1] == 24


def test_the_configured_twins_differ_in_padding_alone() -> None:
    one, other = (compose([f"task={name}"]).task.model_dump() for name in ("sst2_like", "sst2_like_padded"))
    assert {name for name in one if one[name] != other[name]} == {"name", "summary", "route_padding"}


def test_kinds_are_padding_repeated_and_distinct(task: Classification) -> None:
    batch = task.train_batch(0)
    kinds, flat = batch.kinds["tokens"].flatten().tolist(), tokens(batch).flatten().tolist()
    seen: set[int] = set()
    for kind, token in zip(kinds, flat, strict=True):
        assert kind == (PADDING if token == PAD else REPEATED if token in seen else DISTINCT)
        seen.add(token)
    assert set(kinds) == {DISTINCT, REPEATED, PADDING}


def test_the_baseline_always_says_what_is_commonest_in_training(task: Classification) -> None:
    majority = int(np.bincount(task.examples.labels("train")).argmax())
    labels = torch.cat([batch.targets for batch in task.eval_batches()])
    assert task.baseline()["accuracy"] == pytest.approx((labels == majority).double().mean())
    assert task.baseline()["name"] == "majority class"
    assert task.metric.name == "accuracy" and task.metric.higher_is_better


def evaluate_on_ranks(cache: Path) -> dict[str, float]:
    with pytest.MonkeyPatch.context() as patch:
        task = tiny_task(Classification, cache, patch)
    return task.evaluate(by_count, dist.get_rank(), dist.get_world_size())


def test_every_number_of_ranks_finds_the_same_scores(task: Classification, tmp_path: Path) -> None:
    alone = task.evaluate(by_count)
    labels = torch.cat([batch.targets for batch in task.eval_batches()])
    logits = torch.cat([by_count(batch) for batch in task.eval_batches()])
    assert len(labels) == 21  # no multiple of the ranks
    assert alone["accuracy"] == pytest.approx((logits.argmax(1) == labels).double().mean())
    assert alone["loss"] == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())
    for found in run_ranks(2, evaluate_on_ranks, tmp_path):
        assert found == pytest.approx(alone, rel=1e-12)


def test_too_few_examples_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"eval_examples: 1000 examples exceed the held_out part of .* at most \d+"):
        tiny_task(Classification, tmp_path, monkeypatch, eval_examples=1000)


def test_a_model_gets_as_many_classes_as_there_are(task: Classification) -> None:
    inputs: Any = task.inputs
    assert (inputs.classes, inputs.context) == (2, 32)
    assert len(inputs.dictionary) == task.examples.tokenizer.get_vocab_size()
