"""A small archive in a cache of its own, and tasks on it, so that data tests need no network and take no time."""

import os
import random
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import pytest

from suite.config.compose import compose
from suite.config.task import TaskConfig, Training
from suite.data.fetch import archive_path, sha256_of
from suite.data.registry import CsvDocuments, FileDocuments, Source
from suite.tasks.packed_text import PackedText

VOCABULARY = 300
_Text = TypeVar("_Text", bound=PackedText)
_WORDS = "the a film plot was is great dull and but of in congress nation war peace we our people year".split()


def sentences(count: int, seed: int = 0) -> list[str]:
    """Distinct made-up documents of about 40 words."""
    draw = random.Random(seed)
    return [f"Document {number}: " + " ".join(draw.choices(_WORDS, k=40)) for number in range(count)]


def tiny_source(cache: Path, texts: list[str], name: str = "tiny", spec: CsvDocuments | None = None) -> Source:
    """Put an archive with one file per text (or the CSV of ``texts``, with ``spec``) into the cache."""
    path = cache / "archives" / f"{name}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    members = {spec.member: "\n".join(texts)} if spec else {f"texts/{n:05}.txt": text for n, text in enumerate(texts)}
    made = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(made, "w") as archive:
        for member, text in members.items():
            archive.writestr(zipfile.ZipInfo(member), text)  # without the time of day: ranks that write it agree
    made.replace(path)  # whole at any time: ranks read what others write
    source = Source(
        name=name,
        title="made-up text",
        package=f"no-such-package-{name}",
        version="0",
        archive=path.name,
        sha256=sha256_of(path),
        licence="none",
        split="by the hash of the document",
        documents=spec or FileDocuments(kind="files", members="texts/*.txt"),
    )
    assert archive_path(source, cache) == path
    return source


def tiny_task(
    target: type[_Text],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    inputs: dict[str, Any],
    seed: int = 0,
    **training: Any,
) -> _Text:
    """A task of class ``target`` on 400 made-up documents, prepared."""
    tiny = tiny_source(cache, sentences(400))
    monkeypatch.setattr("suite.tasks.packed_text.source", lambda _: tiny)
    plain = compose()
    options = {"batch_examples": 8, "inputs": inputs | {"vocabulary": VOCABULARY}, "eval_examples": 24} | training
    task = target(
        TaskConfig.model_validate(plain.task.model_dump() | {"data": {"sources": ["tiny"], "held_out": 0.2}}),
        Training.model_validate(plain.training.model_dump() | options),
        cache,
        seed,
    )
    task.prepare()
    return task
