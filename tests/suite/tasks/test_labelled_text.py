"""Labelled examples: each format read rightly, and no group on both sides of a split."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from datasets import Dataset

from suite.data import readers
from suite.data.example import Example
from suite.data.labelled import examples, split
from suite.data.registry import HubExamples, registry, source
from suite.errors import UserError
from tests.suite.builders.tiny_labelled import tiny_examples


def write(path: Path, value: object) -> list[Path]:
    path.write_text(json.dumps(value))
    return [path]


def test_rotten_tomatoes_are_the_rows_of_that_source(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text('text,label,source\n"so , so ",1,rotten_tomatoes\n"A film",0,imdb\nnot good,0,rotten_tomatoes\n')
    assert list(readers.rotten_tomatoes([path])) == [Example("so , so", 1, "soso"), Example("not good", 0, "notgood")]


def test_snippets_take_the_sign_of_their_score_and_the_form_of_the_training_sentences(tmp_path: Path) -> None:
    path, text = tmp_path / "inner.tar.gz", "1\t2.5\tSo, &amp; so.\r\n2\t-0.1\tNot ''Good''\r\n3\t0.0\tNeither\r\n"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    found = list(readers.film_snippets([path]))
    assert found == [Example("so , & so .", 1, "soso"), Example('not " good "', 0, "notgood")]


def test_vitaminc_is_evidence_and_claim_grouped_by_page(tmp_path: Path) -> None:
    scores = {"True": 0, "False": 0, "Neither": 0}
    entries = [
        {"input": f"A page: {n} albums.\nClaim: It has {n}.", "target_scores": scores | {name: 1}}
        for n, name in enumerate(scores)
    ]
    found = list(readers.vitaminc(write(tmp_path / "task.json", {"examples": entries})))
    assert [example.label for example in found] == [0, 1, 2]
    assert found[2] == Example("A page: 2 albums.", 2, "A page", "It has 2.")


def test_a_question_comes_with_the_sentence_that_answers_it_and_with_one_that_does_not(tmp_path: Path) -> None:
    context = 'Anna ran. Bob, who slept, said "No!" Then Anna slept.'

    def asked(text: str, start: int, *more: str) -> dict[str, object]:
        answers = [{"text": text, "answer_start": start}, *({"text": other, "answer_start": 0} for other in more)]
        return {"question": f"who {text}?", "id": text, "answers": answers}

    questions = [
        asked("Bob", context.index("Bob")),
        asked("ran. Bob", context.index("ran")),  # spans two sentences
        asked("slept", context.index("Then")),  # not where the file says
        asked("Anna", 0, "Bob"),  # no sentence is free of its answers
    ]
    paragraphs = [{"context": context, "qas": questions}]
    right, wrong = readers.squad_sentences(write(tmp_path / "squad.json", {"data": [{"paragraphs": paragraphs}]}))
    assert right == Example("who Bob?", 1, context, 'Bob, who slept, said "No!"')
    assert (wrong.label, wrong.group) == (0, context) and wrong.pair in ("Anna ran.", "Then Anna slept.")


def test_agreement_pairs_share_a_group_and_halves_of_pairs_are_left_out(tmp_path: Path) -> None:
    entries = [
        {"input": "the dogs ", "target_scores": {"bark.": 1, "barks.": 0}},
        {"input": "the cat ", "target_scores": {"sleep.": 0}},
    ]
    found = list(readers.agreement(write(tmp_path / "pairs.json", {"examples": entries})))
    assert found == [Example("the dogs bark.", 1, "the dogs "), Example("the dogs barks.", 0, "the dogs ")]


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


def test_the_files_that_big_bench_guards_are_read_as_examples_alone() -> None:
    guarded = [entry for entry in registry().values() if getattr(entry, "package", None) == "bigbench"]
    assert len(guarded) >= 3
    assert {entry.documents.kind for entry in guarded} == {"members"}
