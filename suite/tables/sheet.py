"""A table as it is read: printed cells under a title, with notes below."""

from collections.abc import Sequence
from dataclasses import dataclass

from tabulate import tabulate

# Columns of words; all others are numbers and aligned to the right.
WORDS = (
    "model task method variant setting cluster quantity reading statement section verdict reason path exchange kind "
    "row stand_in measured_on"
).split()


@dataclass(frozen=True)
class Sheet:
    """What Markdown and LaTeX print of a table.

    Attributes:
        title: without a full stop.
        header: names of the columns.
        cells: one text per column, row by row.
        notes: paragraphs below the table; words in backticks are code.
    """

    title: str
    header: Sequence[str]
    cells: Sequence[Sequence[str]]
    notes: Sequence[str]


def is_words(column: str) -> bool:
    """Whether a column is aligned to the left."""
    return column in WORDS


def to_markdown(sheet: Sheet) -> str:
    """A titled Markdown table with its notes below."""
    alignment = ["left" if is_words(name) else "right" for name in sheet.header]
    # Without a row there is nothing to align, and the table is its header.
    table = tabulate(
        sheet.cells, sheet.header, tablefmt="pipe", disable_numparse=True, colalign=alignment if sheet.cells else None
    )
    return "\n\n".join([f"### {sheet.title}", table, *sheet.notes]) + "\n"
