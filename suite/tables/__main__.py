"""All tables of one scale, or some: ``python -m suite.tables scale=nano [tables=speedup,runs]``."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from suite.config.arguments import split_option
from suite.errors import exit_on_error
from suite.loading import load
from suite.records.opened import noting
from suite.records.sources import leave_sources
from suite.tables import names
from suite.tables.formatting import main


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


if __name__ == "__main__":
    with exit_on_error():
        chosen, arguments = split_option("tables", sys.argv[1:])
        main(partial(build, wanted=chosen), arguments)
