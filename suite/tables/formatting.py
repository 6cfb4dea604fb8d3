"""Values and notes as text."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from suite.analysis.estimate import Estimate
from suite.config.reference import wire_label
from suite.records.evidence import Invalid


def number(value: object, form: str = ".3g", factor: float = 1) -> str:
    """A number in ``form`` after multiplying it by ``factor``, – for a missing one, anything else as text."""
    if value is None:
        return "–"
    if not isinstance(value, int | float):
        return str(value)
    return f"{value if factor == 1 else value * factor:{form}}"


def with_interval(value: object, form: str = ".3g", factor: float = 1) -> str:
    """``value [low, high]`` of an estimate that has an interval, else the value alone."""
    if not isinstance(value, Estimate):
        return number(value, form, factor)
    text, low, high = (number(each, form, factor) for each in (value.value, value.low, value.high))
    return text if value.low is None else f"{text} [{low}, {high}]"


def data_note(names: Iterable[str | None]) -> str:
    """The data sets of all rows, as a sentence."""
    return f"Data: {'; '.join(sorted(set(filter(None, names)))) or 'unknown'}."


class Related(Protocol):
    """A row of a method that is relative to a reference."""

    @property
    def method(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def relative_bytes(self) -> float | None: ...


def reference_note(rows: Sequence[Related]) -> str:
    """What rows are relative to, with its wire, and how bytes are compared."""
    labels = {wire_label(row.method, row.relative_bytes or 0.0) for row in rows if row.method == row.reference}
    return (
        f"Reference: {', '.join(sorted(labels)) or 'none was measured'}. Equal bytes: within 3 points of the method's "
        "target, or else of lsh's bytes here; fixed: all rows travel, so the wire alone decides."
    )


def fault_notes(faults: Sequence[Invalid], folder: Path) -> list[str]:
    """Report records at fault on stderr; return a line of Markdown for each."""
    for record in faults:
        print(record, file=sys.stderr)
    return [f"Invalid record `{record.path.relative_to(folder)}`: {record.reason}." for record in faults]
