"""Documents: cleaned, each once, each in one part."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.data.registry import CsvDocuments, HubSource, Source, TableExamples, registry, source
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


def test_the_registry_says_where_everything_comes_from() -> None:
    for known in registry().values():
        origin = {"package", "version", "sha256"} if isinstance(known, Source) else {"dataset", "revision", "config"}
        if isinstance(known, TableExamples):  # a file's digest joins where the file is known
            origin = set()
        assert known.record().keys() == {"name", "title", "licence", "split"} | origin


def hub_copy(name: str, folder: Path, files: dict[str, dict[str, list[str]]], card: str = "") -> HubSource:
    """A source of the registry whose data set is a folder laid out like its repository on the hub."""
    for path, columns in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(columns).to_parquet(folder / path, index=False)
    (folder / "README.md").write_text(card)
    known = source(name)
    assert isinstance(known, HubSource)
    return known.model_copy(update={"dataset": str(folder)})


def test_wikipedia_is_read_article_by_article_from_its_own_language(tmp_path: Path) -> None:
    def articles(*texts: str) -> dict[str, list[str]]:
        return {column: list(texts) for column in ("id", "url", "title", "text")}

    languages = ("20231101.de", "20231101.en")
    configs = [f"- config_name: {lang}\n  data_files:\n  - split: train\n    path: {lang}/*\n" for lang in languages]
    files = {
        "20231101.de/train-00000-of-00001.parquet": articles("Eins"),
        "20231101.en/train-00000-of-00002.parquet": articles("One.<br />Two. ", " "),
        "20231101.en/train-00001-of-00002.parquet": articles("Three."),
    }
    wikipedia = hub_copy("wikipedia", tmp_path, files, f"---\nconfigs:\n{''.join(configs)}---\n")
    assert list(documents(wikipedia, None)) == ["One.\nTwo.", "Three."]


def test_sentences_of_bookscorpus_are_joined_to_documents(tmp_path: Path) -> None:
    files = {"plain_text/train/0000.parquet": {"text": [f"sentence {number} ." for number in range(300)]}}
    first, second = documents(hub_copy("bookscorpus", tmp_path, files), None)
    assert (first.count("\n"), second.count("\n")) == (255, 43)
    assert first.startswith("sentence 0 .\nsentence 1 .\n") and second.endswith("\nsentence 299 .")


def test_a_hub_that_cannot_be_read_is_one_line_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("couldn't reach it\nfor a long reason")

    monkeypatch.setattr("datasets.load_dataset", refuse)
    with pytest.raises(UserError, match=r"wikimedia/wikipedia .* cannot be read .* check the network") as refused:
        next(documents(source("wikipedia"), None))
    assert "\n" not in str(refused.value)
    missing = source("wikipedia").model_copy(update={"dataset": str(tmp_path / "nowhere")})
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"nowhere .* cannot be read"):
        next(documents(missing, None))
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match="needs the datasets library; run: pip install datasets"):
        next(documents(source("wikipedia"), None))
