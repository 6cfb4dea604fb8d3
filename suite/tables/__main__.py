"""All tables of one scale: ``python -m suite.tables scale=nano``."""

from pathlib import Path

from suite.tables import audit, convergence, extrapolation, kinds, models, prediction, runs, shares, speedup
from suite.tables.formatting import main

TABLES = (convergence, speedup, kinds, runs, prediction, audit, extrapolation, models, shares)


def build(folder: Path, scale: str) -> list[Path]:
    """Write every table below ``folder``."""
    return [path for table in TABLES for path in table.build(folder, scale)]


if __name__ == "__main__":
    main(build)
