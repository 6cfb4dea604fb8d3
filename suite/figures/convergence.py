"""The convergence figure of one scale, from its records alone."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from suite.analysis.order import in_order
from suite.analysis.reference import trained_reference
from suite.analysis.rows import data_name
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.evidence import Run, read_evidence

CAPTION = (
    "Held-out quality against steps and against time spent in steps, and its distance from the reference, for every "
    "model, task and method. Time is that of the training machine, whose network is not slow."
)


def convergence_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per evaluation after training began: what was run, step, metric, value, baseline and its name, and

    ``minutes``, the time spent in training steps until then; ``excess``, by how many percent the value lies above that
    of the reference with the same seed at the same step (missing where there is none). A run without steps has no row.
    """
    frames, together = [], defaultdict(list)
    for run in runs:
        together[run.model, run.task].append(run)
    references = {place: trained_reference(of_place) for place, of_place in together.items()}
    for run in (run for run in runs if run.summary.steps):
        minutes, metric, baseline = (
            run.train.set_index("step")["seconds"].cumsum() / 60,
            run.metric,
            run.summary.baseline,
        )
        # Before the first step all methods stand at the same, huge perplexity, which would flatten all that follows.
        frame = run.evals.loc[run.evals["step"] > 0, ["step", metric]].rename(columns={metric: "value"})
        frame = frame.assign(
            model=run.model,
            task=run.task,
            method=run.method,
            is_reference=run.method == references[run.model, run.task],
            seed=run.seed,
            metric=metric,
            data=data_name(run.summary.data),
            minutes=frame["step"].map(minutes),
            baseline=baseline.quality[metric],
            baseline_name=baseline.name,
        )
        frames.append(frame)
    frame = pd.concat(frames, ignore_index=True)
    same = ["model", "task", "seed", "step"]
    theirs = frame.loc[frame["is_reference"], [*same, "value"]].rename(columns={"value": "reference"})
    merged = frame.merge(theirs, on=same, how="left")
    return merged.assign(excess=100 * (merged["value"] / merged["reference"] - 1)).drop(
        columns=["reference", "is_reference"]
    )


def convergence_figure(frame: pd.DataFrame) -> Figure:
    """Held-out quality against steps and wall time, and its distance from the reference; one row per model and task."""
    style.apply()
    groups = list(frame.groupby(["model", "task"], sort=True))
    size = (style.FULL_WIDTH, 0.5 + 1.75 * len(groups))
    figure, axes = plt.subplots(len(groups), 3, figsize=size, squeeze=False, layout="constrained")
    methods = in_order(frame["method"])
    for (by_step, by_time, distance), ((model, task), part) in zip(axes, groups, strict=True):
        for axis, x, y in (
            (by_step, "step", "value"),
            (by_time, "minutes", "value"),
            (distance, "step", "excess"),
        ):
            for method in methods:
                _curve(axis, part[part["method"] == method], x, y)
            axis.set_xlim(left=0)
        first = part.iloc[0]
        for axis in (by_step, by_time):
            if first["metric"] == "perplexity":
                axis.set_yscale("log")
                axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 4, 6, 8)))
                axis.yaxis.set_major_formatter(ScalarFormatter())
                axis.yaxis.set_minor_locator(NullLocator())
            _reference_line(axis, first["baseline"], first["baseline_name"])
        _reference_line(distance, 0.0, "")
        by_step.set(xlabel="training step", ylabel=f"held-out {first['metric']}")
        by_time.set(xlabel="minutes in training steps", ylabel="")
        distance.set(xlabel="training step", ylabel="above the reference [%]")
        if part["excess"].isna().all():
            distance.set_axis_off()
            distance.annotate("no run of the reference", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center")
        by_step.set_title(f"{model}, {task}: {first['data']}", loc="left")
    handles = [Line2D([], [], label=method, **style.line(method)) for method in methods]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=3.2, columnspacing=1.4)
    return figure


def _curve(axis: Axes, part: pd.DataFrame, x: str, y: str) -> None:
    """Mean over seeds at each evaluation; against steps with several seeds, a band of their full range."""
    if part[y].isna().all():
        return
    line = style.line(part["method"].iloc[0])
    if x == "step" and part["seed"].nunique() > 1:
        sns.lineplot(part, x=x, y=y, errorbar=("pi", 100), err_kws={"linewidth": 0}, ax=axis, legend=False, **line)
    else:
        mean = part.groupby("step")[["minutes", y]].mean().reset_index()
        sns.lineplot(mean, x=x, y=y, errorbar=None, ax=axis, legend=False, **line)


def _reference_line(axis: Axes, height: float, label: str) -> None:
    low, high = axis.get_ylim()
    if not low <= height <= high:
        return
    axis.axhline(height, color="#666666", linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
    axis.annotate(
        label, (1, height), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=6, color="#444444"
    )


def build(folder: Path) -> list[Path]:
    """Write ``figures/convergence.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no valid run that trained.
    """
    runs = read_evidence(folder).runs
    if not any(run.summary.steps for run in runs):
        raise UserError(f"results: {folder} holds no valid run to draw; train one first")
    return save(convergence_figure(convergence_frame(runs)), folder / "figures" / "convergence")
