"""All figures of one scale that its records allow: ``python -m suite.figures scale=nano``."""

import sys
from pathlib import Path

from suite.errors import UserError
from suite.figures import audit, convergence, extrapolation, kappa_map, shares
from suite.figures.saving import main

FIGURES = (convergence, kappa_map, audit, extrapolation, shares)


def build(folder: Path) -> list[Path]:
    """Draw every figure below ``folder``; say on stderr which ones lack records."""
    paths = []
    for figure in FIGURES:
        try:
            paths += figure.build(folder)
        except UserError as error:
            print(f"not drawn: {error}", file=sys.stderr)
    return paths


if __name__ == "__main__":
    main(build)
