"""What all figures share: three formats, equal for equal input, and the entry point of one figure."""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from suite.config.compose import compose
from suite.errors import exit_on_error
from suite.files import write_atomically

# Metadata that would differ from build to build is left out, so that equal records give equal files.
FORMATS = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write ``stem`` as SVG, PDF and PNG; its layout is solved once, for all three."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    paths = []
    for suffix, metadata in FORMATS.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, metadata=metadata)
        write_atomically(stem.with_suffix(f".{suffix}"), buffer.getvalue())
        paths.append(stem.with_suffix(f".{suffix}"))
    plt.close(figure)
    return paths


def main(build: Callable[[Path], list[Path]], arguments: Sequence[str] | None = None) -> None:
    """Entry point of a figure: ``scale=nano`` in ``arguments``, by default those of the command line."""
    with exit_on_error():
        config = compose(sys.argv[1:] if arguments is None else arguments)
        paths = build(config.results / config.scale.name)
    print(*paths, sep="\n")
