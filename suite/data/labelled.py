"""Labelled texts of a source: read one at a time; all examples of a group are in the same part."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from suite.data.example import Example
from suite.data.fetch import unpacked
from suite.data.glue_folder import GlueTable
from suite.data.hub import hub_rows
from suite.data.parts import Part
from suite.data.registry import AnySource, HubExamples, MemberFiles, Source
from suite.data.text import part_of
from suite.errors import UserError
from suite.loading import load_object


def examples(source: AnySource | GlueTable, cache: Path) -> Iterator[Example]:
    """Read the examples of a source, in its order.

    Raises:
        UserError: if the source has no labelled examples, or cannot be read; with the remedy.
    """
    if isinstance(source, GlueTable):
        yield from source.examples()
    elif isinstance(source, HubExamples):
        yield from _hub_examples(source)
    elif isinstance(source, Source) and isinstance(source.documents, MemberFiles):
        reader = load_object(f"data {source.name} reader", source.documents.reader)
        yield from reader(unpacked(source, cache))
    else:
        raise UserError(f"data {source.name}: it holds documents; allowed here: a source of labelled examples")


def split(train: Iterable[Example], held_out: Iterable[Example] | float) -> Iterator[tuple[Example, Part]]:
    """Yield examples with their parts.

    Args:
        train: examples to train on.
        held_out: the examples to hold out, without those whose group is in ``train``; or the share of ``train``'s
            groups to hold out.
    """
    if isinstance(held_out, float):
        for example in train:
            yield example, part_of(example.group, held_out)
        return
    trained_on: set[str] = set()
    for example in train:
        trained_on.add(example.group)
        yield example, "train"
    for example in held_out:
        if example.group not in trained_on:
            yield example, "held_out"


def _hub_examples(source: HubExamples) -> Iterator[Example]:
    """Every row of the split; each row is a group of its own, as its makers drew the split."""
    columns = [source.text, source.label, *([source.pair] if source.pair else [])]
    for number, row in enumerate(hub_rows(source, columns)):
        pair = row[source.pair] if source.pair else None
        yield Example(row[source.text], row[source.label], f"{source.hub_split} {number}", pair)
