"""Values and notes as text, and the entry point of one table."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from suite.analysis.estimate import Estimate
from suite.config.compose import compose
from suite.errors import exit_on_error
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


def main(build: Callable[[Path, str], list[Path]], arguments: Sequence[str] | None = None) -> None:
    """Entry point of a table: ``scale=nano`` in ``arguments``, by default those of the command line."""
    with exit_on_error():
        config = compose(sys.argv[1:] if arguments is None else arguments)
        paths = build(config.results / config.scale.name, config.scale.name)
    print(*paths, sep="\n")
