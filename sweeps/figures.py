"""Figures of a study, from its tables: Pareto front, importance of parameters, and history."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from suite.figures import style
from suite.figures.canvas import save
from sweeps.outcomes import COMPLETE, DIVERGED
from sweeps.study import Study

CAPTIONS = {
    "front": "Every complete trial: held-out quality against bytes on the wire, relative to 16-bit rows. The line "
    "joins the trials that no other one beats in both.",
    "importance": "Share of each objective's variance over the search space that a parameter explains (fANOVA).",
    "history": "Each trial's quality in the order of the trials, and the best so far; a diverged trial is a cross at "
    "the edge.",
}


def front_figure(study: Study, trials: pd.DataFrame, front: pd.DataFrame) -> Figure:
    """One panel per task."""
    figure, axes = _panels(study)
    for axis, task in zip(axes, study.tasks, strict=True):
        part = trials[(trials["task"] == task) & (trials["state"] == COMPLETE)]
        best = front[front["task"] == task].sort_values("relative_bytes")
        axis.scatter(100 * part["relative_bytes"], part["quality"], s=10, color="#9a9a9a", label="trial")
        (joined,) = axis.plot(100 * best["relative_bytes"], best["quality"], drawstyle="steps-post")
        joined.set(**style.line("lsh") | {"label": "not beaten"})
        for number, size, quality in zip(best["number"], best["relative_bytes"], best["quality"], strict=True):
            axis.annotate(
                str(number),
                (100 * size, quality),
                (2, 3),
                textcoords="offset points",
                fontsize=5.5,
            )
        axis.set_xscale("log")
        for which in (axis.xaxis.set_major_formatter, axis.xaxis.set_minor_formatter):
            which("{x:g}")
        _title(axis, task, "bytes relative to 16-bit rows [%]", _metric(trials, task))
    axes[0].legend(loc="best")
    return figure


def importance_figure(study: Study, importance: pd.DataFrame) -> Figure:
    """Bars by parameter, one panel per task."""
    figure, axes = _panels(study)
    for axis, task in zip(axes, study.tasks, strict=True):
        part = importance[importance["task"] == task]
        if part.empty:
            _nothing(axis, "too few trials or parameters")
        else:
            sns.barplot(
                part,
                y="parameter",
                x="importance",
                hue="objective",
                ax=axis,
                palette=["#0072B2", "#E69F00", "#000000"][: part["objective"].nunique()],
            )
            axis.legend(title=None)
        _title(axis, task, "importance", "")
    return figure


def history_figure(study: Study, trials: pd.DataFrame, rises: bool) -> Figure:
    """Quality by number of trial, one panel per task."""
    figure, axes = _panels(study)
    for axis, task in zip(axes, study.tasks, strict=True):
        part = trials[trials["task"] == task]
        complete = part[part["state"] == COMPLETE]
        so_far = complete["quality"].cummax() if rises else complete["quality"].cummin()
        axis.scatter(complete["number"], complete["quality"], s=10, color="#9a9a9a", label="trial")
        axis.plot(complete["number"], so_far, drawstyle="steps-post", color="#000000", label="best so far")
        bad = part.loc[part["state"] == DIVERGED, "number"]
        if len(bad):
            edge = axis.get_xaxis_transform()
            axis.plot(bad, [0.02] * len(bad), "x", color="#D55E00", transform=edge, label="diverged")
        _title(axis, task, "trial", _metric(trials, task))
    axes[0].legend(loc="best")
    return figure


def draw(study: Study, tables: dict[str, pd.DataFrame], rises: bool, folder: Path) -> list[Path]:
    """Write all figures into ``folder``, each as SVG, PDF and PNG."""
    style.apply()
    return [
        *save(front_figure(study, tables["trials"], tables["pareto"]), folder / "front"),
        *save(importance_figure(study, tables["importance"]), folder / "importance"),
        *save(history_figure(study, tables["trials"], rises), folder / "history"),
    ]


def _panels(study: Study) -> tuple[Figure, list[Axes]]:
    figure, axes = plt.subplots(
        1, len(study.tasks), figsize=(style.FULL_WIDTH, 2.4), squeeze=False, layout="constrained"
    )
    return figure, list(axes[0])


def _metric(trials: pd.DataFrame, task: str) -> str:
    names = trials.loc[trials["task"] == task, "metric"].dropna()
    return f"held-out {names.iloc[0]}" if len(names) else "quality"


def _title(axis: Axes, task: str, x: str, y: str) -> None:
    axis.set_title(task, loc="left")
    axis.set(xlabel=x, ylabel=y)


def _nothing(axis: Axes, why: str) -> None:
    axis.set(xticks=[], yticks=[])
    axis.annotate(why, (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=6.5, color="#444444")
