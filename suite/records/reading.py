"""Records read whole and held against their schema, or refused with a reason."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from suite.records.schema.base import RECORD_SCHEMA, Record
from suite.records.schema.metrics import METRICS_LINE, AnyLine

_Model = TypeVar("_Model", bound=BaseModel)


class RecordError(Exception):
    """Why a record is refused, in one line."""


@dataclass(frozen=True)
class Invalid:
    """A record that cannot be used. ``method`` is None for a measurement, which concerns all methods."""

    model: str
    task: str
    method: str | None
    path: Path
    reason: str

    def __str__(self) -> str:
        return f"invalid record {self.path}: {self.reason}"


def read_record(path: Path, model: type[_Model]) -> _Model:
    """Read a JSON file as ``model``.

    Raises:
        RecordError: it is missing, truncated, of another version, or not what ``model`` says.
    """
    values = json_object(read_text(path), path.name)
    if issubclass(model, Record) and values.get("schema") != RECORD_SCHEMA:
        raise RecordError(f"{path.name} has schema {values.get('schema')}, this version reads {RECORD_SCHEMA}")
    return validated(model, values, path.name)


def validated(model: type[_Model], values: Any, where: str) -> _Model:
    """Plain values as ``model``.

    Raises:
        RecordError: naming the fields at fault.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RecordError(f"{where} {_faults(error)}") from None


def read_metrics(path: Path) -> Iterator[AnyLine]:
    """Lines of a ``metrics.jsonl``.

    Raises:
        RecordError: there is no such file, or a line is at fault.
    """
    for number, text in enumerate(read_text(path).splitlines(), start=1):
        try:
            yield METRICS_LINE.validate_json(text)
        except ValidationError as error:
            where = f"{path.name} line {number}"
            json_object(text, where)  # says more of what is not JSON
            raise RecordError(f"{where} {_faults(error)}") from None


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        RecordError: there is no such file, or it cannot be read.
    """
    try:
        return path.read_text()
    except FileNotFoundError:
        raise RecordError(f"no {path.name}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path.name} cannot be read: {error}") from None


def json_object(text: str, where: str) -> dict[str, Any]:
    """Parse one JSON object of finite numbers.

    Raises:
        RecordError: it is truncated, no object, or holds NaN or an infinity.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise RecordError(f"{where} is not JSON (truncated?): {reason}") from None
    if not isinstance(value, dict):
        raise RecordError(f"{where} is not a JSON object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _faults(error: ValidationError) -> str:
    """The first field at fault, or all missing ones beside it, in one line."""
    faults = error.errors(include_url=False)
    missing = [fault["loc"] for fault in faults if fault["type"] == "missing"]
    if missing:
        part = missing[0][:-1]
        return f"{_field(part)} lacks {', '.join(str(loc[-1]) for loc in missing if loc[:-1] == part)}".lstrip()
    fault = faults[0]
    if fault["type"] == "extra_forbidden":
        return f"holds the unknown field {_field(fault['loc'])}"
    given = "" if isinstance(fault["input"], dict | list) else f", not {fault['input']!r}"
    return f"{_field(fault['loc'])}: {fault['msg']}{given}"


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))
