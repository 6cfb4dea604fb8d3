"""Documents: cleaned, without duplicates, each in one part."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.data.registry import CsvDocuments, source
from suite.data.text import clean, documents, part_of, split
from suite.errors import UserError
from tests.suite.builders.tiny_text import sentences, tiny_source


def test_line_break_tags_become_line_breaks() -> None:
    assert clean(" One. <br /><br />Two.<br>Three.<br/> ") == "One.\nTwo.\nThree."


def test_csv_rows_are_chosen_by_column(tmp_path: Path) -> None:
    spec = CsvDocuments(kind="csv", member="a.csv", column="text", where={"source": "imdb"})
    rows = ["text,label,source", '"Good, ""very"" good<br />indeed",1,imdb', "short,0,rotten_tomatoes", "  ,0,imdb"]
    source = tiny_source(tmp_path, rows, spec=spec)
    assert list(documents(source, tmp_path / "archives" / source.archive)) == ['Good, "very" good\nindeed']


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    source = tiny_source(tmp_path, ["first", "second", " "])
    assert list(documents(source, tmp_path / "archives" / source.archive)) == ["first", "second"]


@given(st.lists(st.text(min_size=1, max_size=3)), st.floats(0.1, 0.9))
def test_no_document_is_in_both_parts_and_each_appears_once(texts: list[str], held_out: float) -> None:
    parts = list(split(texts, held_out))
    assert [document for document, _ in parts] == list(dict.fromkeys(texts))
    train = {document for document, part in parts if part == "train"}
    assert not train & {document for document, part in parts if part == "held_out"}


def test_the_part_depends_on_the_document_alone() -> None:
    texts = sentences(2000)
    parts = dict(split(texts, 0.05))
    assert parts == dict(split(reversed(texts), 0.05))
    assert 60 <= sum(part == "held_out" for part in parts.values()) <= 140
    # A larger share keeps what a smaller one held out.
    assert all(part_of(text, 0.2) == "held_out" for text, part in parts.items() if part == "held_out")


def test_labelled_examples_are_no_documents() -> None:
    for name in ("glue_sst2_train", "squad_shifts"):
        with pytest.raises(UserError, match=f"data {name}: it holds no documents; allowed here: a source of doc"):
            list(documents(source(name), None))
