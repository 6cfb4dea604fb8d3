"""What rows of all tables share."""

from collections.abc import Sequence

from suite.analysis.statistics import Estimate
from suite.records.schema.data import DataSource

# A cell by the name of its column; None where a value is missing.
Row = dict[str, str | int | float | None]

# In place of a value that a record at fault would give.
INVALID = "invalid record"


def interval(name: str, estimate: Estimate) -> Row:
    """The columns of an estimate."""
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def data_name(data: Sequence[DataSource]) -> str:
    """The data sets of a record in one cell."""
    return " + ".join(source.name for source in data)
