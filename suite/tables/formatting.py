"""What all tables share: rows as CSV, cells as text and their files."""

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from suite.analysis.rows import Row
from suite.files import write_atomically
from suite.records.evidence import Invalid
from suite.tables.latex import to_latex
from suite.tables.sheet import Sheet, to_markdown


def to_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Rows as CSV: six significant digits, nothing where a value is missing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(row.get(column)) for column in columns] for row in rows)
    return buffer.getvalue()


def _plain(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def table_files(name: str, rows: Sequence[Row], columns: Sequence[str], caption: str, *sheets: Sheet) -> dict[str, str]:
    """A table's files by name: the rows as CSV, its sheets as Markdown and LaTeX.

    Args:
        name: of the table, its module's.
        rows: its rows.
        columns: of the CSV.
        caption: its module's ``CAPTION``; sheets after the first are captioned by their titles.
        sheets: what is printed of the rows.
    """
    latex = [
        to_latex(sheet, f"{sheet.title}." + ("" if number else f" {caption}"), f"{name}{number or ''}")
        for number, sheet in enumerate(sheets)
    ]
    return {
        f"{name}.csv": to_csv(rows, columns),
        f"{name}.md": "\n".join(map(to_markdown, sheets)),
        f"{name}.tex": "\n".join(latex),
    }


def number(value: object, form: str = ".3g") -> str:
    """A number in ``form``, – for a missing one, anything else as text."""
    return "–" if value is None else f"{value:{form}}" if isinstance(value, int | float) else str(value)


def with_interval(row: Row, name: str, form: str) -> str:
    """``value [low, high]``, or the value alone where there is no interval."""
    text = number(row.get(name), form)
    if row.get(f"{name}_low") is None:
        return text
    return f"{text} [{number(row[f'{name}_low'], form)}, {number(row[f'{name}_high'], form)}]"


def scaled(row: Row, name: str, factor: float) -> float | None:
    """A number in another unit."""
    value = row.get(name)
    return value * factor if isinstance(value, int | float) else None


def data_note(rows: Sequence[Row]) -> str:
    """The data sets of all rows, as a sentence."""
    return f"Data: {'; '.join(sorted({str(row['data']) for row in rows if row.get('data')})) or 'unknown'}."


def fault_notes(faults: Sequence[Invalid], folder: Path) -> list[str]:
    """Report records at fault on stderr; return a line of Markdown for each."""
    for record in faults:
        print(record, file=sys.stderr)
    return [f"Invalid record `{record.path.relative_to(folder)}`: {record.reason}." for record in faults]


def write_tables(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write ``tables/<name>`` below ``folder``."""
    paths = []
    for name, text in files.items():
        write_atomically(folder / "tables" / name, text)
        paths.append(folder / "tables" / name)
    return paths
