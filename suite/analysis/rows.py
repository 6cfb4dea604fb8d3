"""What rows of all tables share."""

from collections.abc import Sequence

from suite.analysis.statistics import Estimate

# A cell by the name of its column; None where a value is missing.
Row = dict[str, str | int | float | None]

# In place of a value that a record at fault would give.
INVALID = "invalid record"


def interval(name: str, estimate: Estimate) -> Row:
    """The columns of an estimate."""
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def data_name(data: Sequence[object]) -> str:
    """The data sets of a record in one cell."""
    return " + ".join(str(item["name"] if isinstance(item, dict) else item) for item in data)
