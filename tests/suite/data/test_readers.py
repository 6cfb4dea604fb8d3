"""Readers: each format of labelled examples is read correctly."""

import io
import json
import tarfile
from pathlib import Path

from suite.data import readers
from suite.data.labelled import Example


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
