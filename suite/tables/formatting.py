"""Values and notes as text."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from suite.analysis.estimate import Estimate
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


def fault_notes(faults: Sequence[Invalid], folder: Path) -> list[str]:
    """Report records at fault on stderr; return a line of Markdown for each."""
    for record in faults:
        print(record, file=sys.stderr)
    return [f"Invalid record `{record.path.relative_to(folder)}`: {record.reason}." for record in faults]
