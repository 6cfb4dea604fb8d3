"""The task: batches that depend on seed and step alone, the same for every world size; a fair evaluation."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from suite.config.compose import compose
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.causal_lm import CausalLM
from suite.tasks.task import summed_loss
from tests.suite.builders.tiny_text import VOCABULARY, tiny_task


def make_task(cache: Path, monkeypatch: pytest.MonkeyPatch, seed: int = 0, **training: int | str) -> CausalLM:
    """The task on made-up documents."""
    return tiny_task(CausalLM, cache, monkeypatch, {"context": 16}, seed, **training)


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CausalLM:
    return make_task(tmp_path, monkeypatch)


class Bigram(nn.Module):
    """Logits that depend on the present token alone."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, VOCABULARY)

    def forward(self, tokens_BT: Tensor) -> Tensor:
        return self.table(tokens_BT)


def test_a_batch_depends_on_seed_and_step_alone(
    task: CausalLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = [task.train_batch(step).inputs["tokens_BT"] for step in range(6)]
    again = make_task(tmp_path, monkeypatch)  # starts in the middle and goes backwards
    for step in (5, 3, 0):
        assert torch.equal(again.train_batch(step).inputs["tokens_BT"], straight[step])
    other = make_task(tmp_path, monkeypatch, seed=1)
    assert not torch.equal(other.train_batch(0).inputs["tokens_BT"], straight[0])


@pytest.mark.parametrize("world", [2, 4])
def test_ranks_share_out_the_global_batch_and_the_held_out_sequences(task: CausalLM, world: int) -> None:
    for step in (0, 7):
        parts = [task.train_batch(step, rank, world).inputs["tokens_BT"] for rank in range(world)]
        assert torch.equal(torch.cat(parts), task.train_batch(step).inputs["tokens_BT"])
    whole = torch.cat([batch.inputs["tokens_BT"] for batch in task.eval_batches()])
    ranks = [list(task.eval_batches(rank, world)) for rank in range(world)]
    assert torch.equal(torch.cat([batch.inputs["tokens_BT"] for rank in ranks for batch in rank]), whole)
    assert len({tuple(batch.inputs["tokens_BT"].shape for batch in rank) for rank in ranks}) == 1


def test_targets_are_one_token_ahead(task: CausalLM) -> None:
    batch = task.train_batch(3)
    assert batch.inputs["tokens_BT"].shape == batch.targets.shape == (8, 16)
    assert batch.inputs["tokens_BT"].dtype == torch.int64
    assert torch.equal(batch.inputs["tokens_BT"][:, 1:], batch.targets[:, :-1])


def test_an_epoch_goes_once_through_the_training_part_in_an_order_of_its_own(task: CausalLM) -> None:
    stream = np.array(task.text.stream("train"))
    windows = (len(stream) - 1) // 16
    numbers = {tuple(stream[w * 16 : w * 16 + 16].tolist()): w for w in range(windows)}
    assert len(numbers) == windows, "made-up windows must differ for this test to tell them apart"
    steps = -(-2 * windows // 8)
    rows = torch.cat([task.train_batch(step).inputs["tokens_BT"] for step in range(steps)])[: 2 * windows]
    first, second = ([numbers[tuple(row)] for row in half.tolist()] for half in (rows[:windows], rows[windows:]))
    assert sorted(first) == sorted(second) == list(range(windows))
    assert first != second
    assert first != sorted(first)


def test_held_out_sequences_come_from_the_held_out_part_and_stay_the_same(task: CausalLM) -> None:
    once = torch.cat([batch.inputs["tokens_BT"] for batch in task.eval_batches()])
    stream = np.array(task.text.stream("held_out"))
    windows = {tuple(w) for w in np.lib.stride_tricks.sliding_window_view(stream, 16).tolist()}
    assert once.shape == (24, 16)
    assert {tuple(row) for row in once.tolist()} <= windows
    assert torch.equal(once, torch.cat([batch.inputs["tokens_BT"] for batch in task.eval_batches()]))


def test_evaluation_is_the_mean_over_all_tokens(task: CausalLM) -> None:
    torch.manual_seed(0)
    model = Bigram()
    batches = list(task.eval_batches())
    expected = nn.functional.cross_entropy(
        model(torch.cat([b.inputs["tokens_BT"] for b in batches])).flatten(0, 1),
        torch.cat([b.targets for b in batches]).flatten(),
    )
    found = task.evaluate(lambda batch: model(**batch.inputs))
    assert found["loss"] == pytest.approx(expected.item(), rel=1e-6)
    assert found["perplexity"] == pytest.approx(math.exp(expected.item()), rel=1e-6)
    assert not found.keys() - {"loss", "perplexity"}


def test_the_final_evaluation_sees_all_that_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make_task(tmp_path, monkeypatch, final_examples="all")
    stream = np.array(task.text.stream("held_out"))
    whole = torch.cat([batch.inputs["tokens_BT"] for batch in task.eval_batches(final=True)])
    assert whole.flatten().tolist() == stream[: len(whole) * 16].tolist()
    assert len(stream) - whole.numel() <= 16 and len(whole) == task.final_examples > 24
    assert len(torch.cat([batch.targets for batch in task.eval_batches()])) == 24
    model = Bigram()
    expected = nn.functional.cross_entropy(
        model(torch.from_numpy(stream[:-1].astype(np.int64))), torch.from_numpy(stream[1:].astype(np.int64))
    )
    found = task.evaluate(lambda batch: model(**batch.inputs), final=True)
    assert found["loss"] == pytest.approx(expected.item(), rel=1e-2)  # a last window that is not full is left out
    assert task.baseline() != make_task(tmp_path, monkeypatch).baseline()


def test_the_baseline_is_the_cross_entropy_of_training_frequencies(task: CausalLM) -> None:
    counts = np.bincount(task.text.stream("train"), minlength=VOCABULARY) + 1.0
    targets = np.concatenate([batch.targets.flatten().numpy() for batch in task.eval_batches()])
    expected = -np.log(counts / counts.sum())[targets].mean()
    assert task.baseline()["loss"] == pytest.approx(expected)
    assert task.baseline()["perplexity"] == pytest.approx(math.exp(expected))


def test_the_loss_has_a_gradient_and_falls_below_the_baseline(task: CausalLM) -> None:
    torch.manual_seed(0)
    model = Bigram()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for step in range(60):
        optimizer.zero_grad()
        batch = task.train_batch(step)
        summed_loss(model(**batch.inputs), batch.targets)[0].backward()
        optimizer.step()
    assert task.evaluate(lambda batch: model(**batch.inputs))["loss"] < task.baseline()["loss"] - 0.3


def test_too_little_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"eval_examples: 100000 sequences of 16 tokens exceed .* at most \d+"):
        make_task(tmp_path, monkeypatch, eval_examples=100_000)


def test_a_rank_does_not_prepare_data_itself(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run lshmoe-bench prepare"):
        build_task(compose(), tmp_path).train_batch(0)


def test_the_dictionary_has_the_ids_of_the_tokenizer(task: CausalLM) -> None:
    dictionary = task.inputs.dictionary
    assert len(dictionary) == VOCABULARY
    vocabulary = task.text.tokenizer.get_vocab()
    assert all(dictionary.index(symbol) == number for symbol, number in vocabulary.items())
    assert (dictionary.bos(), dictionary.pad(), dictionary.eos(), dictionary.unk()) == (0, 1, 2, 3)


def test_the_record_says_what_was_used(task: CausalLM) -> None:
    (entry,) = task.data_record()
    assert entry["name"] == "tiny"
    assert entry["prepared"]["documents"]["train"] + entry["prepared"]["documents"]["held_out"] == 400


def test_an_unknown_task_class_is_refused() -> None:
    with pytest.raises(UserError, match=r"task\.target: 'suite\.tasks\.causal_lm\.CasualLM' cannot be loaded"):
        build_task(compose(["task.target=suite.tasks.causal_lm.CasualLM"]))
