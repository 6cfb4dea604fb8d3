"""JSON of records, read whole or refused with a reason."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Version of the records that runs and measurements leave; readers refuse any other.
RECORD_SCHEMA = 2


class RecordError(Exception):
    """Why a record is refused, in one line."""


def json_object(text: str, where: str) -> dict[str, Any]:
    """Parse one JSON object of finite numbers.

    Raises:
        RecordError: it is truncated, no object, or holds NaN or an infinity.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise RecordError(f"{where} is not JSON (truncated?): {reason}") from error
    if not isinstance(value, dict):
        raise RecordError(f"{where} is not a JSON object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def require(value: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    """Refuse an object that lacks one of ``keys`` or was written by another version.

    Raises:
        RecordError: naming them.
    """
    missing = [key for key in keys if key not in value]
    if missing:
        raise RecordError(f"{where} lacks {', '.join(missing)}")
    if value.get("schema", RECORD_SCHEMA) != RECORD_SCHEMA:
        raise RecordError(f"{where} has schema {value['schema']}, this version reads {RECORD_SCHEMA}")


def metrics_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines of a ``metrics.jsonl``.

    Raises:
        RecordError: there is no such file, or a line is at fault.
    """
    if not path.exists():
        raise RecordError(f"no {path.name}")
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        where = f"{path.name} line {number}"
        line = json_object(text, where)
        require(line, ("event", "step"), where)
        yield line
