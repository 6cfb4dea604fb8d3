"""A table: CSV, Markdown and LaTeX of rows that declare their columns."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from suite.analysis.columns import Column, columns_of
from suite.analysis.estimate import Estimate
from suite.analysis.rows import INVALID, AtFault
from suite.files import write_atomically
from suite.tables.formatting import with_interval
from suite.tables.latex import to_latex
from suite.tables.sheet import Sheet, to_markdown

R = TypeVar("R")


@dataclass(frozen=True)
class Printed(Generic[R]):
    """A printed column that is made of several columns of a row, or of one in a way of its own.

    Attributes:
        header: its name.
        text: gives the cell of a row.
        words: it is aligned to the left.
    """

    header: str
    text: Callable[[R], str]
    words: bool = False


@dataclass(frozen=True)
class Table(Generic[R]):
    """One table of one scale.

    Attributes:
        name: of its files below ``tables/``.
        row: the type of its rows, whose columns are those of the CSV.
        grain: what a row is, such as ``one row per model and task``; the documentation shows it.
        caption: what is shown and how to read it; a CSV alone has none.
        printed: the columns of Markdown and LaTeX, in order; a table without any is a CSV alone, or has
            sheets of its own.
        about: what to know of the whole table, in Markdown; the documentation shows it.

    Raises:
        ValueError: ``printed`` names a column that the row does not have.
    """

    name: str
    row: type[R]
    grain: str
    caption: str = ""
    printed: Sequence[str | Printed[R]] = ()
    about: str = ""

    def __post_init__(self) -> None:
        known = [column.name for column in self.columns]
        for name in self.printed:
            if isinstance(name, str) and name not in known:
                raise ValueError(f"{self.name}: {self.row.__name__} has no column {name!r}; it has {', '.join(known)}")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of the row, in the order of the CSV."""
        return columns_of(self.row)

    def sheet(self, title: str, rows: Sequence[R | AtFault], notes: Sequence[str]) -> Sheet:
        """The printed columns of some rows under a title."""
        by_name = {column.name: column for column in self.columns}
        shown = [by_name[each] if isinstance(each, str) else each for each in self.printed]
        header = [each.header for each in shown]
        cells = [[_text(row, each) for each in shown] for row in rows]
        return Sheet(title, header, cells, notes, words=[each.header for each in shown if each.words])

    def to_csv(self, rows: Sequence[R | AtFault]) -> str:
        """Rows as CSV: six significant digits, nothing where a value is missing."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([name for column in self.columns for name in column.csv_names])
        writer.writerows([cell for column in self.columns for cell in _csv_cells(row, column)] for row in rows)
        return buffer.getvalue()

    def write(self, folder: Path, rows: Sequence[R | AtFault], *sheets: Sheet) -> list[Path]:
        """Write the rows as ``tables/<name>.csv`` below ``folder``, and the sheets as Markdown and LaTeX.

        In LaTeX the first sheet has the table's caption, the others their titles.
        """
        texts = {"csv": self.to_csv(rows)}
        if sheets:
            captions = [f"{sheets[0].title}. {self.caption}", *(f"{sheet.title}." for sheet in sheets[1:])]
            latex = [
                to_latex(sheet, caption, f"{self.name}{number or ''}")
                for number, (sheet, caption) in enumerate(zip(sheets, captions, strict=True))
            ]
            texts |= {"md": "\n".join(map(to_markdown, sheets)), "tex": "\n".join(latex)}
        files = {folder / "tables" / f"{self.name}.{suffix}": text for suffix, text in texts.items()}
        for path, text in files.items():
            write_atomically(path, text)
        return list(files)


def _value(row: object, column: Column) -> object:
    if isinstance(row, AtFault):
        return INVALID if column.tells_fault else getattr(row, column.name, None)
    return getattr(row, column.name)


def _text(row: R | AtFault, shown: Column | Printed[R]) -> str:
    if isinstance(shown, Column):
        return with_interval(_value(row, shown), shown.form, shown.factor)
    return "–" if isinstance(row, AtFault) else shown.text(row)


def _csv_cells(row: object, column: Column) -> list[str]:
    value = _value(row, column)
    values = (value.value, value.low, value.high) if isinstance(value, Estimate) else (value,)
    cells = ["" if each is None else f"{each:.6g}" if isinstance(each, float) else str(each) for each in values]
    return cells + [""] * (len(column.csv_names) - len(cells))
