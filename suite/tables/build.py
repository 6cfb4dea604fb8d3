"""All tables of one scale, or some."""

from collections.abc import Sequence
from pathlib import Path

from suite.loading import load
from suite.tables import names


def build(folder: Path, scale: str, wanted: Sequence[str] | None = None) -> list[Path]:
    """Write the ``wanted`` tables, all by default, below ``folder``.

    Raises:
        UserError: for a table that there is not.
    """
    tables = load("suite.tables", "tables", None if wanted is None else list(wanted), names())
    return [path for table in tables for path in table.build(folder, scale)]
