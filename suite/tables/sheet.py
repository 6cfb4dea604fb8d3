"""A table as it is read: printed cells under a title, with notes below."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tabulate import tabulate


@dataclass(frozen=True)
class Sheet:
    """What Markdown and LaTeX print of a table.

    Attributes:
        title: without a full stop.
        header: names of the columns.
        cells: one text per column, row by row.
        notes: paragraphs below the table; text between backticks is code.
        words: the columns that are aligned to the left; all others are aligned to the right.
    """

    title: str
    header: Sequence[str]
    cells: Sequence[Sequence[str]]
    notes: Sequence[str]
    words: Collection[str] = ()


def to_markdown(sheet: Sheet) -> str:
    """A titled Markdown table with its notes below."""
    alignment = ["left" if name in sheet.words else "right" for name in sheet.header]
    # Without a row there is nothing to align, and the table is its header.
    table = tabulate(
        sheet.cells, sheet.header, tablefmt="pipe", disable_numparse=True, colalign=alignment if sheet.cells else None
    )
    return "\n\n".join([f"### {sheet.title}", table, *sheet.notes]) + "\n"
