"""Prepared examples: the right tokens, made once, checked, and of the wanted tokenizer."""

from pathlib import Path

import numpy as np
import pytest

from suite.data.example import Example
from suite.data.labelled import split
from suite.errors import UserError
from suite.tasks.classification import Classification
from tests.suite.builders.tiny_labelled import tiny_examples, tiny_task


@pytest.mark.parametrize("pairs", [False, True])
def test_texts_pairs_and_labels_come_back(pairs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tiny_examples(100, pairs)
    prepared = tiny_task(Classification, tmp_path, monkeypatch, made, eval_examples=10).examples
    for part in ("train", "held_out"):
        wanted = [example for example, where in split(made, 0.25) if where == part]
        assert prepared.count(part) == prepared.manifest["examples"][part] == len(wanted)
        assert prepared.labels(part).tolist() == [example.label for example in wanted]
        for number, example in enumerate(wanted):
            text, pair = map(prepared.tokenizer.decode, prepared.tokens(part, number))
            assert (text, pair) == (example.text, example.pair or "")
    assert isinstance(prepared._tokens("train"), np.memmap)


def test_the_tokenizer_is_that_of_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = tiny_task(Classification, tmp_path, monkeypatch)
    (text,) = (tmp_path / "text").glob("*/tokenizer.json")
    assert (task.examples.folder / "tokenizer.json").read_bytes() == text.read_bytes()
    (entry,) = task.data_record()
    assert entry["prepared"]["files"]["tokenizer.json"]


def test_it_is_prepared_once_and_checked_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = tiny_task(Classification, tmp_path, monkeypatch)
    monkeypatch.setattr("suite.data.example_tokens.examples", None)
    task.prepare()
    path = task.examples.folder / "held_out_labels.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"{task.examples.folder} is corrupted; delete it"):
        task.prepare()


def test_a_label_that_no_class_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [*tiny_examples(100), Example("a third class", 2, "another")]
    with pytest.raises(UserError, match=r"data tiny: an example has the label 2; with 2 names .* allowed: 0 to 1"):
        tiny_task(Classification, tmp_path, monkeypatch, made)
