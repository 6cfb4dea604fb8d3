"""Which rows a method sends: padding, masks, repeated and distinct tokens."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from suite.analysis.kinds import kind_rows
from suite.analysis.order import in_order
from suite.analysis.rows import Row
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import main, save
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


def kinds_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of ``kinds.csv`` of single kinds and of all, for one method per model and task: that which is shown."""
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    reducing = frame[(frame["kind"] == "all") & (frame["rate"] < 1)]
    chosen = [
        (model, task, PREFERRED if PREFERRED in set(part["method"]) else in_order(part["method"])[0])
        for (model, task), part in reducing.groupby(["model", "task"], sort=True)
    ]
    keys = list(zip(frame["model"], frame["task"], frame["method"], strict=True))
    shown = [key in chosen and kind in (*KINDS, "all") for key, kind in zip(keys, frame["kind"], strict=True)]
    return frame[shown]


def kinds_figure(frame: pd.DataFrame) -> Figure:
    """Grouped bars, one group per model and task."""
    style.apply()
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, 2.5), layout="constrained")
    labels, centres, place = [], [], 0.0
    for (model, task), part in frame.groupby(["model", "task"], sort=True):
        bars = [row for kind in KINDS for row in part[part["kind"] == kind].itertuples()]
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
        together = part.loc[part["kind"] == "all", "rate"].iloc[0]
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
    handles = [
        plt.Rectangle((0, 0), 1, 1, facecolor=colour, hatch=hatch, edgecolor="#333333", linewidth=0.6, label=kind)
        for kind, (colour, hatch) in LOOKS.items()
    ]
    handles.append(
        plt.Line2D([], [], color=style.look(PREFERRED).colour, marker="D", markersize=3.5, label="all rows together")
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/rate_by_kind.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no valid run of a method that sends fewer rows.
    """
    frame = kinds_frame(kind_rows(read_evidence(folder).runs))
    if frame.empty:
        raise UserError(f"results: {folder} holds no valid run of a method that sends fewer rows; train one first")
    return save(kinds_figure(frame), folder / "figures" / "rate_by_kind")


if __name__ == "__main__":
    main(build)
