"""One look per method in every figure: colour, marker and dash, told apart in greyscale and by the colour-blind."""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import matplotlib as mpl
from matplotlib.style import use

from suite.config.conf import choices

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
SPARE_MARKS = tuple(product(SPARE_COLOURS, SPARE_MARKERS))
SPARE_DASHES = ((3, 1), (6, 2), (3, 1, 1, 1), (1, 2))


def look(method: str) -> Look:
    """The look of ``method``; one that is not in the list gets a spare look by its name.

    No two configured methods share colour and marker, as long as there are spare ones.
    """
    return LOOKS.get(method) or _spare_looks().get(method) or _spare_look(_number(method))


@cache
def _spare_looks() -> dict[str, Look]:
    """Looks of configured methods that are not in the list: each takes its own, or the next that is free."""
    taken: dict[int, str] = {}
    for method in choices("method"):
        if method not in LOOKS:
            own = _number(method) % len(SPARE_MARKS)
            places = [(own + step) % len(SPARE_MARKS) for step in range(len(SPARE_MARKS))]
            taken[next((place for place in places if place not in taken), own)] = method
    return {method: _spare_look(place) for place, method in taken.items()}


def _number(method: str) -> int:
    return int.from_bytes(hashlib.sha256(method.encode()).digest()[:8])


def _spare_look(number: int) -> Look:
    colour, marker = SPARE_MARKS[number % len(SPARE_MARKS)]
    return Look(colour, marker, SPARE_DASHES[number % len(SPARE_DASHES)])


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
