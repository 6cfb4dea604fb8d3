"""What all figures share: three formats, equal for equal input."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

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
