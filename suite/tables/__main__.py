"""All tables of one scale, or some: ``python -m suite.tables scale=nano [tables=speedup,runs]``."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from suite.config.arguments import split_option
from suite.errors import exit_on_error
from suite.loading import load
from suite.tables import names
from suite.tables.formatting import main


def build(folder: Path, scale: str, wanted: Sequence[str] | None = None) -> list[Path]:
    """Write the ``wanted`` tables, all by default, below ``folder``.

    Raises:
        UserError: for a table that there is not.
    """
    tables = load("suite.tables", "tables", None if wanted is None else list(wanted), names())
    return [path for table in tables for path in table.build(folder, scale)]


if __name__ == "__main__":
    with exit_on_error():
        chosen, arguments = split_option("tables", sys.argv[1:])
        main(partial(build, wanted=chosen), arguments)
