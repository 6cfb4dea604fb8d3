"""How many of its rows a method sends as training goes on."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from suite.analysis.order import in_order
from suite.config.paper.published import published
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import grid, method_legend, reference
from suite.records.evidence import Run, read_evidence

CAPTION = (
    "Rows sent over rows routed as training goes on, means over windows of steps and over seeds, for methods that send "
    "fewer rows than they route. The dotted line is the paper's rate where it states one; controls copy LSH's rate."
)
WINDOWS = 40  # points of a curve
# Models that the paper prints a rate for, by its name among the published ones.
PRINTED = {"gpt_moe": "six_functions", "swin_moe": "swin_moe"}


def rate_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per run that sends fewer rows than it routes, and window: ``step`` (its last) and ``rate`` in percent."""
    frames = []
    for run in runs:
        if not run.summary.steps or (run.train["rows_sent"] == run.train["rows_routed"]).all():
            continue
        width = max(1, -(-run.summary.steps // WINDOWS))
        windows = run.train.groupby((run.train["step"] - 1) // width)
        sums = windows[["rows_sent", "rows_routed"]].sum()
        frame = pd.DataFrame({"step": windows["step"].max(), "rate": 100 * sums["rows_sent"] / sums["rows_routed"]})
        frames.append(frame.assign(model=run.model, task=run.task, method=run.method))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def rate_figure(frame: pd.DataFrame) -> Figure:
    """One panel per model and task."""
    groups = list(frame.groupby(["model", "task"], sort=True))
    figure, axes = grid(len(groups), per_row=3, height=1.5)
    for axis, ((model, task), part) in zip(axes, groups, strict=True):
        for method in in_order(part["method"]):
            curve = part[part["method"] == method].groupby("step")["rate"].mean()
            axis.plot(curve.index, curve, **(style.line(method) | {"markevery": 0.14, "markersize": 3}))
        axis.set(xlabel="training step", ylabel="rows sent [%]", ylim=(0, 102), xlim=(0, None))
        axis.set_title(f"{model}\non {task}", loc="left", fontsize=7)
        if model in PRINTED:
            reference(axis, 100 * published().rates[PRINTED[model]].value, "paper")
    method_legend(figure, frame["method"])
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/rate_over_training.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no valid run of a method that sends fewer rows.
    """
    frame = rate_frame(read_evidence(folder).runs)
    if frame.empty:
        raise UserError(f"results: {folder} holds no valid run of a method that sends fewer rows; train one first")
    return save(rate_figure(frame), folder / "figures" / "rate_over_training")
