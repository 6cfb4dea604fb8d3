"""The tokenizer and the prepared token streams."""

from pathlib import Path

import numpy as np
import pytest

from suite.data import tokens as module
from suite.data.registry import Source
from suite.data.text import part_of
from suite.data.tokenizer import END_OF_DOCUMENT
from suite.data.tokens import PreparedText, TextRecipe, prepare_text
from suite.errors import UserError
from tests.suite.builders.tiny_text import sentences, tiny_source

VOCABULARY = 300


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[list[Source], Path]:
    """Two sources that share documents, prepared."""
    texts = sentences(200)
    sources = [tiny_source(tmp_path, texts[:150], "one"), tiny_source(tmp_path, texts[100:] + texts[:5], "two")]
    return sources, prepare_text(TextRecipe(sources, 0.2, VOCABULARY), tmp_path)


def test_streams_hold_every_distinct_document_once_in_its_part(prepared: tuple[list[Source], Path]) -> None:
    text = PreparedText(prepared[1])
    for part in ("train", "held_out"):
        stream = np.array(text.stream(part))
        ends = np.flatnonzero(stream == END_OF_DOCUMENT)
        pieces = [piece[:-1] for piece in np.split(stream, ends + 1)[:-1]]
        found = [text.tokenizer.decode(piece.tolist()) for piece in pieces]
        assert sorted(found) == sorted(s for s in sentences(200) if part_of(s, 0.2) == part)
        assert text.manifest["documents"][part] == len(found)
        assert text.manifest["tokens"][part] == len(stream)
    train = np.array(text.stream("train"))
    assert text.train_counts().tolist() == np.bincount(train, minlength=VOCABULARY).tolist()


def test_the_tokenizer_learns_from_the_training_part_only(tmp_path: Path) -> None:
    texts = sentences(200)
    marked = [text + " zyxwvut" * 50 if part_of(text + " zyxwvut" * 50, 0.2) == "held_out" else text for text in texts]
    folder = prepare_text(TextRecipe([tiny_source(tmp_path, marked)], 0.2, VOCABULARY), tmp_path)
    tokenizer = PreparedText(folder).tokenizer
    assert any("zyxwvut" in text for text in marked)
    assert len(tokenizer.encode("zyxwvut").ids) == len("zyxwvut")


def test_it_is_prepared_once(prepared: tuple[list[Source], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    sources, folder = prepared
    monkeypatch.setattr(module, "train_tokenizer", None)
    assert prepare_text(TextRecipe(sources, 0.2, VOCABULARY), folder.parents[1]) == folder
    for source in sources:  # the archives are no longer needed
        (folder.parents[1] / "archives" / source.archive).unlink()
    assert prepare_text(TextRecipe(sources, 0.2, VOCABULARY), folder.parents[1]) == folder


def test_an_interrupted_preparation_leaves_nothing_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = TextRecipe([tiny_source(tmp_path, sentences(50))], 0.2, VOCABULARY)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_encode", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            prepare_text(recipe, tmp_path)
    assert not list((tmp_path / "text").glob("*/"))
    assert PreparedText(prepare_text(recipe, tmp_path)).manifest["documents"]["train"] > 30


@pytest.mark.parametrize("name", ["train.bin", "held_out.bin", "tokenizer.json", "manifest.json"])
def test_a_corrupted_prepared_file_names_the_folder(prepared: tuple[list[Source], Path], name: str) -> None:
    sources, folder = prepared
    (folder / name).write_bytes((folder / name).read_bytes()[:-3])
    with pytest.raises(UserError, match=f"{folder} is corrupted; delete it"):
        prepare_text(TextRecipe(sources, 0.2, VOCABULARY), folder.parents[1])


def test_a_corrupted_archive_is_noticed_also_when_tokens_are_there(prepared: tuple[list[Source], Path]) -> None:
    sources, folder = prepared
    path = folder.parents[1] / "archives" / sources[1].archive
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match=f"data two: {path} is corrupted"):
        prepare_text(TextRecipe(sources, 0.2, VOCABULARY), folder.parents[1])
