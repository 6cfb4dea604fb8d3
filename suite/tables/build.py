"""All tables of one scale, or some."""

from collections.abc import Sequence
from pathlib import Path

from suite.loading import load
from suite.records.opened import noting
from suite.records.sources import leave_sources
from suite.tables import names


def build(folder: Path, scale: str, wanted: Sequence[str] | None = None) -> list[Path]:
    """Write the ``wanted`` tables, all by default, below ``folder``, and what each of them was made from.

    Raises:
        UserError: for a table that there is not.
    """
    paths: list[Path] = []
    for table in load("suite.tables", "tables", None if wanted is None else list(wanted), names()):
        with noting() as opened:
            made = table.build(folder, scale)
        leave_sources(folder, "tables", table.__name__.rpartition(".")[2], made, opened)
        paths += made
    return paths
