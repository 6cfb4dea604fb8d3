"""Masked language modelling: what is hidden, what is predicted, the same for every world size."""

from pathlib import Path

import numpy as np
import pytest
import torch

from suite.errors import UserError
from suite.tasks.masked_lm import MaskedLM
from suite.tasks.row_kinds import MASK
from suite.tasks.task import IGNORED
from tests.suite.builders.tiny_text import VOCABULARY, tiny_task

CONTEXT = 32
INPUTS = {"context": CONTEXT, "mask_probability": 0.15}
HIDDEN = VOCABULARY  # the one symbol behind the tokenizer's


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MaskedLM:
    return tiny_task(MaskedLM, tmp_path, monkeypatch, INPUTS)


def test_targets_are_the_tokens_that_stood_at_their_places(task: MaskedLM) -> None:
    windows = torch.randint(4, VOCABULARY, (200, CONTEXT), generator=torch.Generator().manual_seed(0))
    batch = task.make_batch(windows, list(range(200)))
    tokens, places = batch.inputs["tokens_BT"], batch.inputs["places_BM"]
    counts = batch.targets != IGNORED
    assert tokens.shape == windows.shape and places.shape == batch.targets.shape == (200, 5)
    assert (tokens[:, 0] == task.inputs.dictionary.bos()).all() and (places[counts] > 0).all()
    assert torch.equal(windows.gather(1, places)[counts], batch.targets[counts])
    changed = (tokens != windows)[:, 1:]
    predicted = torch.zeros_like(tokens, dtype=torch.bool).scatter(1, places, True)[:, 1:]
    assert not (changed & ~predicted).any()
    # 80 % are hidden, 10 % another token, 10 % as they were; about 15 % of all are predicted.
    hidden = (tokens.gather(1, places) == HIDDEN)[counts].double().mean()
    kept = (tokens.gather(1, places) == batch.targets)[counts].double().mean()
    assert abs(hidden - 0.8) < 0.05 and abs(kept - 0.1) < 0.04
    assert abs(counts.sum() / (200 * (CONTEXT - 1)) - 0.15) < 0.005


def test_hidden_tokens_are_of_their_own_kind(task: MaskedLM) -> None:
    batch = task.train_batch(0)
    assert torch.equal(batch.kinds["tokens"] == MASK, batch.inputs["tokens_BT"] == HIDDEN)
    assert len(task.inputs.dictionary) == VOCABULARY + 1


def test_batches_depend_on_seed_and_step_alone_and_ranks_share_them_out(
    task: MaskedLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tiny_task(MaskedLM, tmp_path, monkeypatch, INPUTS)
    for step in (7, 0):
        whole, parts = task.train_batch(step), [again.train_batch(step, rank, 2) for rank in range(2)]
        assert torch.equal(torch.cat([part.targets for part in parts]), whole.targets)
        for name, value in whole.inputs.items():
            assert torch.equal(torch.cat([part.inputs[name] for part in parts]), value)
    other = tiny_task(MaskedLM, tmp_path, monkeypatch, INPUTS, seed=1)
    assert not torch.equal(other.train_batch(0).targets, task.train_batch(0).targets)


def test_a_window_is_masked_anew_in_every_epoch_and_always_alike_when_held_out(task: MaskedLM) -> None:
    window = torch.arange(4, 4 + CONTEXT).unsqueeze(0)
    first, second = (task.make_batch(window, [seed]).inputs["tokens_BT"] for seed in (1, 2))
    assert not torch.equal(first, second)
    once, twice = (torch.cat([batch.inputs["tokens_BT"] for batch in task.eval_batches()]) for _ in range(2))
    assert torch.equal(once, twice)
    ranks = [batch.inputs["tokens_BT"] for rank in range(2) for batch in task.eval_batches(rank, 2)]
    assert torch.equal(torch.cat(ranks), once)


def test_the_baseline_counts_predicted_tokens_alone(task: MaskedLM) -> None:
    counts = np.bincount(task.text.stream("train"), minlength=VOCABULARY + 1) + 1.0
    targets = np.concatenate([batch.targets.flatten().numpy() for batch in task.eval_batches()])
    targets = targets[targets != IGNORED]
    assert task.baseline()["loss"] == pytest.approx(-np.log(counts / counts.sum())[targets].mean())


def test_a_probability_that_hides_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"inputs\.mask_probability: 0\.01 of context=32 hides no token"):
        tiny_task(MaskedLM, tmp_path, monkeypatch, INPUTS | {"mask_probability": 0.01})
