"""Where a method's saved time comes from: fewer bytes, less expert compute, and what hashing and the rest cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from suite.analysis.savings import SavingsRow, savings_rows
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.evidence import read_evidence

CAPTION = (
    "What each method saves of the reference's step on each link, by measured part: time in all-to-alls, expert "
    "compute, and, to the left where they cost more, choosing the rows and everything else. The mark is the whole "
    "saving; the number is the speed-up. What all-to-alls save includes less waiting."
)


@dataclass(frozen=True)
class Part:
    """A part of a step, what a row says that it saves, and how it is drawn."""

    saved: Callable[[SavingsRow], float]
    label: str
    colour: str
    hatch: str = ""


# Greys and one colour: parts are no methods, so no method's colour is used.
PARTS = (
    Part(lambda row: row.all_to_all_saved, "time in all-to-alls", "#009E73"),
    Part(lambda row: row.experts_saved, "expert compute", "#b7e0d3"),
    Part(lambda row: row.reduction_saved, "choosing rows", "#777777", "////"),
    Part(lambda row: row.rest_saved, "everything else", "#cfcfcf"),
)


def savings_figure(rows: Sequence[SavingsRow]) -> Figure:
    """Stacked bars, one line per method, grouped by model and link."""
    style.apply()
    labels, places, heads = [], [], []
    place = 0.0
    for (model, task, cluster), lines in groupby(rows, lambda row: (row.model, row.task, row.cluster)):
        group = list(lines)
        heads.append(
            (
                place - 0.85,
                f"{model} on {task}, {cluster}: all-to-all {group[0].share:.0%} of {group[0].reference}'s step",
            )
        )
        for row in group:
            labels.append(f"{row.method} · {row.equal_bytes}")
            places.append(place)
            place += 1
        place += 1.1
    figure, axis = plt.subplots(figsize=(style.FULL_WIDTH, 0.7 + 0.145 * place), layout="constrained")
    _bars(axis, rows, places)
    for row, y in zip(rows, places, strict=True):
        axis.annotate(
            f"{row.speedup.value:.2f}×",
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
    axis.set(xlabel="saved of the reference's step [%]", ylim=(place - 1.1, -1.5))
    axis.grid(axis="y", visible=False)
    axis.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=5, columnspacing=1.0, handlelength=1.4)
    return figure


def _bars(axis: Axes, rows: Sequence[SavingsRow], places: Sequence[float]) -> None:
    """What each part saves, gains to the right and losses to the left, and a mark for the whole step."""
    reference = np.array([row.reference_seconds for row in rows])
    for sign in (1, -1):
        edge = np.zeros(len(rows))
        for part in PARTS:
            width = 100 * np.array([part.saved(row) for row in rows]) / reference
            width = np.where(sign * width > 0, width, 0.0)
            axis.barh(
                places,
                width,
                left=edge,
                height=0.72,
                color=part.colour,
                hatch=part.hatch,
                edgecolor="white",
                linewidth=0.4,
                label=part.label if sign == 1 else None,
            )
            edge = edge + width
    total = 100 * (1 - np.array([row.step_seconds for row in rows]) / reference)
    axis.plot(total, places, marker="D", markersize=3, color="black", linestyle="none", label="whole step")


def build(folder: Path) -> list[Path]:
    """Write ``figures/savings.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no valid measurement of a method besides the reference.
    """
    rows = savings_rows(speedup_rows(read_evidence(folder)))
    if not rows:
        raise UserError(f"results: {folder} holds no valid step times of two methods; measure them first")
    return save(savings_figure(rows), folder / "figures" / "savings")
