"""One look per method in every figure: colour, marker and dash, told apart in greyscale and by the colour-blind."""

import hashlib
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.style import use

FULL_WIDTH = 5.5  # inches: the text width of a NeurIPS page

RC: dict[str, Any] = {
    "figure.dpi": 200,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.02,
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "grid.color": "#dddddd",
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "svg.fonttype": "none",
    "svg.hashsalt": "lsh-moe-bench",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Look:
    """How one method is drawn. ``dash`` is a matplotlib dash sequence, empty for a solid line."""

    colour: str
    marker: str
    dash: tuple[float, ...] = ()


# Okabe and Ito's palette, ordered so that neighbours differ in lightness too.
LOOKS = {
    "bf16": Look("#5A5A5A", "h", (3, 1)),
    "vanilla": Look("#000000", "o"),
    "lsh": Look("#D55E00", "s"),
    "lsh_no_compensation": Look("#E69F00", "D", (4, 1.5)),
    "int8": Look("#0072B2", "v", (1, 1)),
    "fp8": Look("#56B4E9", "^", (1, 1)),
    "lsh_fp8": Look("#CC79A7", "P", (5, 1, 1, 1)),
    "random": Look("#8C8C8C", "X", (2, 2)),
}
SPARE_COLOURS = ("#009E73", "#7A5195", "#8C564B", "#556B2F", "#B8860B", "#4682B4")
SPARE_MARKERS = ("<", ">", "p", "h", "*", "d")
SPARE_DASHES = ((3, 1), (6, 2), (3, 1, 1, 1), (1, 2))


def look(method: str) -> Look:
    """The look of ``method``; one that is not in the list gets a spare look that depends on its name alone."""
    if method in LOOKS:
        return LOOKS[method]
    number = int.from_bytes(hashlib.sha256(method.encode()).digest()[:8])
    colour, marker = SPARE_COLOURS[number % len(SPARE_COLOURS)], SPARE_MARKERS[number // 7 % len(SPARE_MARKERS)]
    return Look(colour, marker, SPARE_DASHES[number // 49 % len(SPARE_DASHES)])


def line(method: str) -> dict[str, Any]:
    """Matplotlib's properties of a curve of ``method``."""
    chosen = look(method)
    return {
        "color": chosen.colour,
        "marker": chosen.marker,
        "linestyle": (0, chosen.dash) if chosen.dash else "-",
        "markeredgecolor": "white",
        "markeredgewidth": 0.3,
    }


def apply() -> None:
    """Set matplotlib to this project's look, without a display."""
    mpl.use("Agg")
    use(RC)
