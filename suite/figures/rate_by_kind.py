"""Which rows a method sends: padding, masks, repeated and distinct tokens."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from suite.analysis.kinds import ALL, KindRow, kind_rows
from suite.analysis.order import in_order
from suite.analysis.rows import AtFault, sound
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.evidence import read_evidence
from suite.records.vocabulary import KINDS

CAPTION = (
    "Rows sent over rows routed, by kind of row, over the whole training, for LSH (or the first method that sends "
    "fewer rows). Below each bar: which share of all routed rows is of that kind. Diamonds: all rows together, the "
    "published kind of rate. Images have no kinds."
)
LOOKS = {
    "distinct": ("#333333", ""),
    "repeated": ("#8c8c8c", ""),
    "mask": ("#d9d9d9", "////"),
    "padding": ("white", "...."),
}
PREFERRED = "lsh"


def shown_kinds(rows: Sequence[KindRow | AtFault]) -> dict[tuple[str, str], list[KindRow]]:
    """Single kinds and all rows together, by model and task, of the method that is shown there."""
    valid = sound(rows)
    reducing: dict[tuple[str, str], list[str]] = {}
    for row in valid:
        if row.kind == ALL and row.rate < 1:
            reducing.setdefault((row.model, row.task), []).append(row.method)
    shown = {}
    for key, methods in sorted(reducing.items()):
        method = PREFERRED if PREFERRED in methods else in_order(methods)[0]
        mine = [row for row in valid if (row.model, row.task, row.method) == (*key, method)]
        shown[key] = [row for row in mine if row.kind in (*KINDS, ALL)]
    return shown


def kinds_figure(groups: dict[tuple[str, str], list[KindRow]]) -> Figure:
    """Grouped bars, one group per model and task."""
    style.apply()
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, 2.5), layout="constrained")
    labels, centres, place = [], [], 0.0
    for (model, task), part in groups.items():
        bars = [row for kind in KINDS for row in part if row.kind == kind]
        for number, row in enumerate(bars):
            colour, hatch = LOOKS[row.kind]
            axis.bar(place + number, 100 * row.rate, 0.9, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.6)
            axis.annotate(
                f"{row.share:.0%}",
                (place + number, 0),
                ha="center",
                va="top",
                fontsize=5.5,
                xytext=(0, -2),
                textcoords="offset points",
            )
        centre = place + (len(bars) - 1) / 2
        together = next(row.rate for row in part if row.kind == ALL)
        ends = (place - 0.5, place + len(bars) - 0.5)
        axis.plot(ends, [100 * together] * 2, color=style.look(PREFERRED).colour, linewidth=1)
        axis.plot(ends[1], 100 * together, marker="D", markersize=3.5, color=style.look(PREFERRED).colour)
        labels.append(f"{model}\n{task}".replace("_resplit", "\nresplit").replace("_padded", "\npadded"))
        centres.append(centre)
        place += len(bars) + 1.2
    axis.set_xticks(centres, labels, fontsize=6)
    axis.tick_params(axis="x", length=0, pad=10)
    axis.grid(axis="x", visible=False)
    axis.set_axisbelow(True)
    axis.set(ylabel="rows sent of this kind [%]", ylim=(0, 108))
    handles: list[Artist] = [
        Rectangle((0, 0), 1, 1, facecolor=colour, hatch=hatch, edgecolor="#333333", linewidth=0.6, label=kind)
        for kind, (colour, hatch) in LOOKS.items()
    ]
    handles.append(
        Line2D([], [], color=style.look(PREFERRED).colour, marker="D", markersize=3.5, label="all rows together")
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/rate_by_kind.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no valid run of a method that sends fewer rows.
    """
    groups = shown_kinds(kind_rows(read_evidence(folder).runs))
    if not groups:
        raise UserError(f"results: {folder} holds no valid run of a method that sends fewer rows; train one first")
    return save(kinds_figure(groups), folder / "figures" / "rate_by_kind")
