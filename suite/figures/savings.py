"""Where a method's saved time comes from: fewer bytes, less expert compute, and what hashing and the rest cost."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from suite.analysis.rows import INVALID, Row
from suite.analysis.savings import PARTS, savings_rows
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.evidence import read_evidence

CAPTION = (
    "What each method saves of vanilla's step on each link, by measured part: time in all-to-alls, expert "
    "compute, and, to the left where they cost more, choosing the rows and everything else. The mark is the whole "
    "saving; the number is the speed-up. What all-to-alls save includes less waiting."
)
# Greys and one colour: parts are no methods, so no method's colour is used.
LOOKS = {
    "all_to_all": ("time in all-to-alls", "#009E73", ""),
    "experts": ("expert compute", "#b7e0d3", ""),
    "reduction": ("choosing rows", "#777777", "////"),
    "rest": ("everything else", "#cfcfcf", ""),
}


def savings_figure(rows: Sequence[Row]) -> Figure:
    """Stacked bars, one line per method, grouped by model and link."""
    style.apply()
    frame = pd.DataFrame(rows)
    labels, places, heads = [], [], []
    place = 0.0
    for (model, task, cluster), part in frame.groupby(["model", "task", "cluster"], sort=False):
        heads.append(
            (place - 0.85, f"{model} on {task}, {cluster}: all-to-all {part['share'].iloc[0]:.0%} of vanilla's step")
        )
        for method in part["method"]:
            labels.append(method)
            places.append(place)
            place += 1
        place += 1.1
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, 0.7 + 0.145 * place), layout="constrained")
    for sign in (1, -1):
        edge = pd.Series(0.0, index=frame.index)
        for name in PARTS:
            width = 100 * frame[f"{name}_saved"] / frame["vanilla_seconds"]
            width = width.where(sign * width > 0, 0.0)
            label, colour, hatch = LOOKS[name]
            axis.barh(
                places,
                width,
                left=edge,
                height=0.72,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.4,
                label=label if sign == 1 else None,
            )
            edge += width
    total = 100 * (1 - frame["step_seconds"] / frame["vanilla_seconds"])
    axis.plot(total, places, marker="D", markersize=3, color="black", linestyle="none", label="whole step")
    for row, y in zip(frame.itertuples(), places, strict=True):
        axis.annotate(
            f"{row.speedup:.2f}×",
            (1.0, y),
            xycoords=("axes fraction", "data"),
            fontsize=6,
            va="center",
            ha="left",
            xytext=(3, 0),
            textcoords="offset points",
        )
    for y, text in heads:
        axis.annotate(
            text,
            (0, y),
            xycoords=("axes fraction", "data"),
            fontsize=6.5,
            va="center",
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
    axis.axvline(0, color="#333333", linewidth=0.7)
    axis.set_yticks(places, labels)
    axis.set(xlabel="saved of vanilla's step [%]", ylim=(place - 1.1, -1.5))
    axis.grid(axis="y", visible=False)
    axis.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=5, columnspacing=1.0, handlelength=1.4)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/savings.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no valid measurement of a method besides vanilla.
    """
    rows = [row for row in savings_rows(speedup_rows(read_evidence(folder))) if row["speedup"] != INVALID]
    if not rows:
        raise UserError(f"results: {folder} holds no valid step times of two methods; measure them first")
    return save(savings_figure(rows), folder / "figures" / "savings")
