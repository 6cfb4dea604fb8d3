"""The paper's Fig. 7, all six panels: two tasks; quality and rate over training, and hash families at equal rates."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from suite.analysis.ablation import (
    EQUAL_RATE,
    FUNCTIONS,
    PAPER_RATE_AT_SIX,
    PAPER_RATES,
    STANDS_FOR,
    STUDY,
    Trial,
    read_ablation,
)
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save

CAPTION = (
    "Left: held-out quality over training by number of hash functions, and origin. Middle: rate (rows sent over rows "
    "routed), smoothed over a twentieth of the training; the shaded band is the range of the paper's axis, the dotted "
    "line its rate at 6 functions. Right: cross-polytope and spherical-plane hashing at equal rates, last value over "
    "the rate reached; the dashed line is origin."
)
TASKS = {"mnli": "MNLI", "sst2": "SST-2"}
# Darker is more functions, so that the order can be read without colour.
SHADES = {2: "#F0C27A", 4: "#E69F00", 6: "#D55E00", 8: "#994000", 10: "#5A2500"}
MARKERS = {2: "v", 4: "^", 6: "X", 8: "D", 10: "P"}
FAMILIES = {"cross_polytope": ("CP", "lsh"), "spherical_plane": ("SP", "int8")}
PIECES = 20


def ablation_figure(trials: Sequence[Trial]) -> Figure:
    """Two rows (MNLI- and SST-2-like), three columns; a panel without a record says so."""
    style.apply()
    figure, axes = plt.subplots(2, 3, figsize=(style.FULL_WIDTH, 3.7), layout="constrained")
    for row, (name, title) in zip(axes, TASKS.items(), strict=True):
        part = [trial for trial in trials if STANDS_FOR.get(trial.run.task) == name]
        task = part[0].run.task if part else f"{title}-like task"
        functions = [trial for trial in part if trial.part == FUNCTIONS]
        equal = [trial for trial in part if trial.part == EQUAL_RATE]
        for axis, kept, draw in (
            (row[0], functions, _quality),
            (row[1], [trial for trial in functions if trial.label != "origin"], _rate),
            (row[2], equal, _families),
        ):
            if kept:
                draw(axis, kept if draw is not _families else part)
            else:
                axis.set(xticks=[], yticks=[])
                axis.annotate(
                    "no record\nat this scale", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center"
                )
        row[0].set_title(task if task in TASKS else f"{task} (for {title})" if part else task, loc="left")
    figure.legend(handles=_handles(trials), loc="outside lower center", ncols=4, columnspacing=1.4)
    return figure


def _quality(axis: Axes, trials: Sequence[Trial]) -> None:
    metric = trials[0].run.metric
    for trial in trials:
        evals = trial.run.evals[trial.run.evals["step"] > 0]
        axis.plot(evals["step"], evals[metric], **_line(trial))
    axis.set(xlabel="training step", ylabel=f"held-out {metric}", xlim=(0, None))


def _rate(axis: Axes, trials: Sequence[Trial]) -> None:
    low, high = PAPER_RATES[STANDS_FOR[trials[0].run.task]]
    axis.axhspan(100 * low, 100 * high, color="#eeeeee", linewidth=0, zorder=0)
    axis.axhline(100 * PAPER_RATE_AT_SIX, color="#666666", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    for trial in trials:
        train = trial.run.train
        sums = train[["rows_sent", "rows_routed"]].rolling(max(1, len(train) // PIECES), min_periods=1).sum()
        line = _line(trial) | {"markevery": max(1, len(train) // 4)}
        axis.plot(train["step"], 100 * sums["rows_sent"] / sums["rows_routed"], **line)
    axis.set(xlabel="training step", ylabel="rows sent [%]", xlim=(0, None), ylim=(0, None))


def _families(axis: Axes, trials: Sequence[Trial]) -> None:
    points = pd.DataFrame(
        [
            {
                "family": trial.family,
                "rate": 100 * trial.run.summary.rate,
                "quality": trial.run.summary.final[trial.run.metric],
            }
            for trial in trials
            if trial.part == EQUAL_RATE and trial.run.summary.rate is not None
        ]
    )
    for family, part in points.groupby("family"):
        part = part.sort_values("rate")
        axis.plot(part["rate"], part["quality"], **style.line(FAMILIES[str(family)][1]))
    for trial in trials:
        if trial.is_origin:
            axis.axhline(trial.run.summary.final[trial.run.metric], color="#000000", linewidth=0.9, linestyle="--")
    axis.set(xlabel="rows sent, reached [%]", ylabel=f"held-out {trials[0].run.metric}")
    axis.margins(x=0.25)


def _line(trial: Trial) -> dict[str, Any]:
    if trial.is_origin:
        return style.line("vanilla")
    number = trial.num_hashes or 0
    spare = style.look(trial.label)
    return style.line("lsh") | {
        "color": SHADES.get(number, spare.colour),
        "marker": MARKERS.get(number, spare.marker),
    }


def _handles(trials: Sequence[Trial]) -> list[Line2D]:
    distinct = {trial.label: trial for trial in trials if trial.part == FUNCTIONS}
    handles = [Line2D([], [], label=label, **_line(trial)) for label, trial in distinct.items()]
    families = {trial.family for trial in trials if trial.part == EQUAL_RATE}
    looks = [FAMILIES[family] for family in FAMILIES if family in families]
    return [*handles, *(Line2D([], [], label=name, **style.line(look)) for name, look in looks)]


def build(folder: Path) -> list[Path]:
    """Write ``figures/ablation.{svg,pdf,png}`` below ``folder`` from the study's valid trials.

    Raises:
        UserError: the study has no valid trial there.
    """
    trials, _ = read_ablation(folder)
    if not trials:
        raise UserError(f"results: {folder / STUDY} holds no valid trial; run that study first (docs/sweeps.md)")
    return save(ablation_figure(trials), folder / "figures" / "ablation")
