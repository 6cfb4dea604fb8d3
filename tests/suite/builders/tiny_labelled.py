"""Made-up labelled examples in a cache of their own, and tasks on them."""

import random
from pathlib import Path

import pytest

from suite.config.compose import compose
from suite.config.task import TaskConfig, Training
from suite.data.example import Example
from suite.tasks.labelled_text import LabelledText
from tests.suite.builders.tiny_text import sentences, tiny_source

VOCABULARY = 300
_GOOD, _BAD = "good fine great".split(), "bad dull poor".split()


def tiny_examples(count: int, pairs: bool = False) -> list[Example]:
    """Examples of two classes, of uneven length, two to a group."""
    draw = random.Random(0)
    made = []
    for number in range(count):
        label = draw.randrange(2)
        words = draw.choices(_GOOD if label else _BAD, k=draw.randrange(2, 9))
        text = f"film {number}: {' '.join(words)}"
        made.append(Example(text, label, f"group {number // 2}", f"a pair {number}" if pairs else None))
    return made


def tiny_task(
    target: type[LabelledText],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    examples: list[Example] | None = None,
    seed: int = 0,
    route_padding: bool = False,
    data: dict[str, object] | None = None,
    **training: object,
) -> LabelledText:
    """A prepared task of class ``target`` on made-up examples, a quarter of them held out."""
    tiny = tiny_source(cache, sentences(200))
    monkeypatch.setattr("suite.tasks.labelled_text.located", lambda *_: tiny)
    monkeypatch.setattr("suite.tasks.labelled_tokens.source", lambda _: tiny)
    made = tiny_examples(200) if examples is None else examples
    monkeypatch.setattr("suite.data.example_tokens.examples", lambda *_: iter(made))
    plain = compose(["task=sst2_like"])
    options = {"held_out": 0.25, "tokenizer_of": "text_lm"} | (data or {})
    config = plain.task.model_dump() | {"data": plain.task.data | options, "route_padding": route_padding}
    inputs = {"context": 32, "length": 24, "vocabulary": VOCABULARY}
    sizes = {"batch_examples": 8, "eval_examples": 21, "inputs": inputs} | training
    task = target(
        TaskConfig.model_validate(config),
        Training.model_validate(plain.training.model_dump() | sizes),
        cache,
        seed,
    )
    task.prepare()
    return task
