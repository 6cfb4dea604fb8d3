"""What rows of several tables share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from suite.analysis.columns import column, table_row
from suite.records.schema.data import DataSource

R = TypeVar("R")

# In place of a value that a record at fault would give.
Fault = Literal["invalid record"]
INVALID: Final = "invalid record"


@table_row
class MethodRow:
    """The first columns of a table that compares methods: what was run."""

    model: str = column("name of a file under `suite/conf/model`", words=True)
    task: str = column("name of a file under `suite/conf/task`", words=True)
    method: str = column("name of a file under `suite/conf/method`", words=True)


@dataclass(frozen=True)
class AtFault:
    """In place of a row whose record is at fault: the columns that name the place; all others are empty.

    The column that is declared with ``tells_fault`` says :data:`INVALID`.
    """

    model: str
    task: str
    method: str | None = None
    cluster: str | None = None
    seed: int | None = None
    kind: str | None = None


def sound(rows: Sequence[R | AtFault]) -> list[R]:
    """The rows whose records are not at fault."""
    return [row for row in rows if not isinstance(row, AtFault)]


def data_name(data: Sequence[DataSource]) -> str:
    """The data sets of a record in one cell."""
    return " + ".join(source.name for source in data)
