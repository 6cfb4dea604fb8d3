"""Sources of the Hugging Face hub, read from copies of their layout."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from suite.data.registry import HubSource, source
from suite.data.text import documents
from suite.errors import UserError


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
