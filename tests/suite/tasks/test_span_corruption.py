"""Span corruption: source and target together hold the window, sentinels link them, shapes never change."""

from pathlib import Path

import pytest
import torch

from suite.errors import UserError
from suite.tasks.row_kinds import MASK
from suite.tasks.span_corruption import SENTINELS, SpanCorruption
from tests.suite.builders.tiny_text import VOCABULARY, tiny_task

CONTEXT = 32
INPUTS = {"context": CONTEXT, "noise_density": 0.2, "mean_span": 3.0}
NOISE, SPANS = 6, 2
EOS = 2


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpanCorruption:
    return tiny_task(SpanCorruption, tmp_path, monkeypatch, INPUTS)


def pieces(tokens: list[int]) -> tuple[list[int], list[list[int]]]:
    """The sentinels of a sequence, and what stands before, between and after them."""
    sentinels: list[int] = []
    parts: list[list[int]] = [[]]
    for token in tokens:
        if token >= VOCABULARY:
            sentinels.append(token)
            parts.append([])
        else:
            parts[-1].append(token)
    return sentinels, parts


def test_source_and_target_put_together_are_the_window(task: SpanCorruption) -> None:
    windows = torch.randint(4, VOCABULARY, (50, CONTEXT), generator=torch.Generator().manual_seed(0))
    batch = task.make_batch(windows, list(range(50)))
    assert batch.inputs["source_BS"].shape == (50, CONTEXT - NOISE + SPANS)
    assert batch.targets.shape == batch.inputs["target_BT"].shape == (50, NOISE + SPANS)
    starts = set()
    for window, source, target in zip(
        windows.tolist(), batch.inputs["source_BS"].tolist(), batch.targets.tolist(), strict=True
    ):
        sentinels, shown = pieces(source)
        linked, (nothing, *hidden) = pieces(target)
        assert sentinels == linked == [VOCABULARY + SENTINELS - 1 - span for span in range(SPANS)]
        assert nothing == shown.pop() == []
        whole = [token for spans in zip(shown, hidden, strict=True) for span in spans for token in span]
        assert whole == [*window[:-1], EOS]
        starts.add(len(shown[0]))
    assert len(starts) > 5, "spans hardly move"


def test_the_decoder_reads_the_targets_one_place_behind(task: SpanCorruption) -> None:
    batch = task.train_batch(0)
    target = batch.inputs["target_BT"]
    assert (target[:, 0] == EOS).all() and torch.equal(target[:, 1:], batch.targets[:, :-1])


def test_sentinels_are_of_their_own_kind_in_both_streams(task: SpanCorruption) -> None:
    batch = task.train_batch(0)
    assert len(task.inputs.dictionary) == VOCABULARY + SENTINELS
    for stream, name in (("source", "source_BS"), ("target", "target_BT")):
        assert torch.equal(batch.kinds[stream] == MASK, batch.inputs[name] >= VOCABULARY)


def test_batches_depend_on_seed_and_step_alone_and_ranks_share_them_out(
    task: SpanCorruption, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tiny_task(SpanCorruption, tmp_path, monkeypatch, INPUTS)
    for step in (7, 0):
        whole, parts = task.train_batch(step), [again.train_batch(step, rank, 2) for rank in range(2)]
        assert torch.equal(torch.cat([part.targets for part in parts]), whole.targets)
        for name, value in whole.inputs.items():
            assert torch.equal(torch.cat([part.inputs[name] for part in parts]), value)


def test_the_baseline_knows_how_often_each_symbol_is_a_target(task: SpanCorruption) -> None:
    counted = torch.zeros(VOCABULARY + SENTINELS)
    steps = task.count("train") // 8
    for step in range(steps):
        counted += task.train_batch(step).targets.flatten().bincount(minlength=VOCABULARY + SENTINELS)
    expected = torch.from_numpy(task._target_counts())
    assert counted[-SPANS:].tolist() == [8 * steps] * SPANS and not counted[VOCABULARY:-SPANS].any()
    assert abs(counted / counted.sum() - expected / expected.sum()).max() < 0.01


def test_more_spans_than_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"inputs\.noise_density: .* makes 26 spans; allowed: at most 6"):
        tiny_task(SpanCorruption, tmp_path, monkeypatch, INPUTS | {"noise_density": 0.8, "mean_span": 1.0})
