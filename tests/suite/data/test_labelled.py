"""Labelled examples: each format read rightly, and no group on both sides of a split."""

from pathlib import Path

import pytest
from datasets import Dataset

from suite.data.labelled import examples, split
from suite.data.registry import HubExamples, source
from suite.errors import UserError
from tests.suite.builders.tiny_labelled import tiny_examples


def test_no_group_comes_apart() -> None:
    parts = list(split(tiny_examples(400), 0.25))
    groups = {part: {example.group for example, where in parts if where == part} for part in ("train", "held_out")}
    assert len(parts) == 400 and not groups["train"] & groups["held_out"]
    assert 70 <= sum(part == "held_out" for _, part in parts) <= 130


def test_what_is_trained_on_is_never_held_out() -> None:
    made = tiny_examples(20)
    parts = list(split(made[:11], made[8:]))
    assert [example for example, part in parts if part == "train"] == made[:11]
    assert [example for example, part in parts if part == "held_out"] == made[12:]  # made[11] shares a group


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("glue_sst2_train", ("sentence",)),
        ("glue_cola_validation", ("sentence",)),
        ("glue_mnli_validation_mismatched", ("premise", "hypothesis")),
        ("glue_qnli_train", ("question", "sentence")),
        ("glue_qqp_validation", ("question1", "question2")),
        ("glue_mrpc_train", ("sentence1", "sentence2")),
    ],
)
def test_glue_is_read_by_its_own_columns(
    name: str, columns: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    entry = source(name)
    assert isinstance(entry, HubExamples)
    rows = {column: [f"{column} {n}" for n in range(3)] for column in columns} | {"label": [1, 0, 1], "idx": [0, 1, 2]}
    Dataset.from_dict(rows).to_parquet(tmp_path / f"{entry.hub_split}-00000-of-00001.parquet")
    (tmp_path / "README.md").write_text(
        f"---\nconfigs:\n- config_name: {entry.config}\n  data_files:\n  - split: {entry.hub_split}\n"
        f"    path: {entry.hub_split}-*\n---\n"
    )
    found = list(examples(entry.model_copy(update={"dataset": str(tmp_path)}), tmp_path))
    assert [example.label for example in found] == [1, 0, 1]
    assert found[1].text == f"{columns[0]} 1"
    assert found[1].pair == (f"{columns[1]} 1" if columns[1:] else None)
    assert len({example.group for example in found}) == 3, "the published splits are kept whole"


def test_documents_are_no_examples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data sotu: it holds documents"):
        list(examples(source("sotu"), tmp_path))
