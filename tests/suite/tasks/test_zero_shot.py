"""Zero-shot scoring: the filled template, and the word that the decoder finds likeliest there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from suite.config.compose import compose
from suite.data.example import Example
from suite.errors import UserError
from suite.hosts.t5_moe import build
from suite.tasks import build_task
from suite.tasks.row_kinds import MASK, PADDING
from suite.tasks.span_corruption import SpanCorruption
from suite.tasks.task import Batch
from suite.tasks.zero_shot import ZeroShot
from suite.training.methods import method_layer_factory
from tests.suite.builders.tiny_labelled import tiny_examples, tiny_task

EOS, PAD = 2, 1
OPTIONS = {"tokenizer_of": "text_span", "template": "{text} It was {label}.", "words": ["bad", "rather great"]}
PAIRS = OPTIONS | {"template": "{pair}? {text}: {label}"}


def zero_shot(cache: Path, monkeypatch: pytest.MonkeyPatch, pairs: bool = False, **training: object) -> ZeroShot:
    data = PAIRS if pairs else OPTIONS
    made = tiny_examples(200, pairs)
    return tiny_task(ZeroShot, cache, monkeypatch, made, data=data, steps=0, **training)


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ZeroShot:
    return zero_shot(tmp_path, monkeypatch)


def t5(task: ZeroShot) -> torch.nn.Module:
    torch.manual_seed(0)
    config = compose(["model=t5_moe", "model.sizes.nano.width=32", "model.sizes.nano.ffn=64"])
    return build(config.size, task.inputs, method_layer_factory(config)).eval()


def text_of(task: ZeroShot, tokens: list[int]) -> str:
    """Tokens as text, with ``#`` for the sentinel."""
    sentinel = task.inputs.dictionary.index("<sentinel:0>")
    before, after = tokens[: tokens.index(sentinel)], tokens[tokens.index(sentinel) + 1 :]
    return f"{task.examples.tokenizer.decode(before)}#{task.examples.tokenizer.decode(after)}"


def test_the_sentinel_takes_the_place_of_the_word_and_the_space_before_it(
    task: ZeroShot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = task.examples.tokens("held_out", 3)
    short = zero_shot(tmp_path, monkeypatch, inputs={"context": 64, "length": 64, "vocabulary": 300})
    assert text_of(short, short.source(3)) == f"{task.examples.tokenizer.decode(text)} It was#."
    assert task.examples.tokenizer.decode(task.word("bad")) == " bad"


def test_pairs_fill_both_places_and_braces_in_a_text_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Example("a {pair} film", 0, f"group {n}", "{text} b") for n in range(100)]
    inputs = {"context": 64, "length": 64, "vocabulary": 300}
    task = tiny_task(ZeroShot, tmp_path, monkeypatch, made, data=PAIRS, steps=0, inputs=inputs)
    assert text_of(task, task.source(0)) == "{text} b? a {pair} film:#"


def test_long_texts_are_cut_but_never_the_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pairs in (False, True):
        task = zero_shot(tmp_path / str(pairs), monkeypatch, pairs)
        sources = [task.source(place) for place in range(30)]
        assert max(map(len, sources)) <= 24
        assert all(text_of(task, source).endswith(":#" if pairs else " It was#.") for source in sources)
    data = OPTIONS | {"template": "{text} What it was, if we may say so, was {label}."}
    with pytest.raises(UserError, match=r"inputs.length: 24 tokens leave no room beside the template"):
        tiny_task(ZeroShot, tmp_path, monkeypatch, data=data, steps=0).source(0)


def oracle(model: torch.nn.Module, task: ZeroShot, place: int) -> Tensor:
    """Log-likelihood of each word, one example, one word and one token at a time."""
    dictionary = task.inputs.dictionary
    sentinel = dictionary.index("<sentinel:0>")
    scores = []
    for word in task.data.words:
        read, score = [dictionary.eos(), sentinel], torch.zeros(())
        for token in task.examples.tokenizer.encode(f" {word}").ids:
            logits = model(torch.tensor([task.source(place)]), torch.tensor([read]))[0, -1]
            score = score + logits.log_softmax(0)[token]
            read.append(token)
        scores.append(score)
    return torch.stack(scores)


@torch.no_grad()
def test_scores_are_those_of_a_slow_oracle(task: ZeroShot) -> None:
    model, places = t5(task), np.array([0, 5, 9, 20])
    found = task.class_scores(lambda batch: model(**batch.inputs), places)
    expected = torch.stack([oracle(model, task, place) for place in places.tolist()])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)
    right = expected.argmax(1).numpy() == task.examples.labels("held_out")[places]
    assert task.evaluate(lambda batch: model(**batch.inputs)).keys() == {"loss", "accuracy"}
    assert 0 <= right.mean() <= 1


def test_the_likelier_word_wins(task: ZeroShot) -> None:
    """A decoder that finds all tokens of one class's word likely, and all others equally unlikely."""
    labels = task.examples.labels("held_out")[task.held_out_places()]
    for label in (0, 1):
        liked = task.word(task.data.words[label])

        def predict(batch: Batch, liked: list[int] = liked) -> Tensor:
            logits = torch.zeros(*batch.targets.shape, len(task.inputs.dictionary))
            if batch.targets[0, 1:].tolist() == liked:
                logits.scatter_(2, batch.targets.clamp(min=0).unsqueeze(2), 30.0)
            return logits

        assert task.evaluate(predict)["accuracy"] == pytest.approx((labels == label).mean())


def test_all_classes_see_the_same_sources_and_kinds_tell_padding_and_sentinels(task: ZeroShot) -> None:
    one, other = task.held_out_batches(np.arange(6))
    assert torch.equal(one.inputs["source_BS"], other.inputs["source_BS"])
    source, kinds = one.inputs["source_BS"], one.kinds["source"]
    assert torch.equal(kinds == PADDING, source == PAD)
    assert torch.equal(kinds == MASK, source == task.inputs.dictionary.index("<sentinel:0>"))
    assert (kinds == MASK).sum(1).tolist() == [1] * 6
    assert one.inputs["target_BT"][0, 0] == EOS


def test_its_dictionary_is_that_of_the_pretraining_task(task: ZeroShot) -> None:
    dictionary = task.inputs.dictionary
    assert len(dictionary) == task.examples.tokenizer.get_vocab_size() + len(SpanCorruption.extra_symbols)
    assert dictionary.index("<sentinel:0>") == len(dictionary) - 1


def test_it_never_trains(task: ZeroShot) -> None:
    with pytest.raises(UserError, match="only evaluates"):
        task.train_batch(0)
    with pytest.raises(UserError, match=r"steps: sst2_like_zero_shot only evaluates; allowed: 0"):
        build_task(compose(["task=sst2_like_zero_shot", "task.training.nano.steps=1"]))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("task.data.words=[one]", "words: 1 for 2 classes"),
        ("task.data.template='no place'", "template: {text} must be in it once"),
    ],
)
def test_a_template_that_does_not_fit_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_task(compose(["task=sst2_like_zero_shot", override]))
