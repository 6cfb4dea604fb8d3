"""Speed-up against kappa: predicted curves, measured points over them, and where compression loses."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from suite.analysis.order import in_order
from suite.analysis.prediction import MEASURED, PREDICTED, kappa_map_rows
from suite.analysis.rows import Row
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import main, save
from suite.records.evidence import read_evidence

CAPTION = (
    "Speed-up against kappa: predicted curves, measured points with 95 % intervals over them. In the shaded "
    "region compression loses."
)

PER_ROW = 2


def kappa_map_figure(curves: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """One panel per model and task.

    Args:
        curves: rows of ``kappa_map.csv`` of kind ``predicted``: ``predicted_speedup`` over ``kappa``.
        points: rows of kind ``measured``: ``speedup`` with ``speedup_low`` and ``speedup_high``.
    """
    style.apply()
    panels = sorted({(row.model, row.task) for frame in (curves, points) for row in frame.itertuples()})
    columns = min(PER_ROW, len(panels))
    rows = -(-len(panels) // columns)
    size = (style.FULL_WIDTH, 0.7 + 2.2 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    methods = in_order([*curves["method"], *points["method"]])
    for axis, (model, task) in zip(axes.flat, panels, strict=False):
        _panel(axis, *(frame[(frame["model"] == model) & (frame["task"] == task)] for frame in (curves, points)))
        axis.set_title(f"{model} on {task}", loc="left")
    handles = [plt.Line2D([], [], label=method, **style.line(method)) for method in methods]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=3.2, columnspacing=1.4)
    return figure


def _panel(axis: Axes, curves: pd.DataFrame, points: pd.DataFrame) -> None:
    for method, part in curves.groupby("method", sort=False):
        line = style.line(method) | {"marker": "", "linewidth": 1.0}
        sns.lineplot(part, x="kappa", y="predicted_speedup", errorbar=None, ax=axis, legend=False, **line)
    for point in points.itertuples():
        look = style.look(point.method)
        interval = [[point.speedup - point.speedup_low], [point.speedup_high - point.speedup]]
        axis.errorbar(
            point.kappa,
            point.speedup,
            yerr=interval,
            color=look.colour,
            marker=look.marker,
            markeredgecolor="white",
            markeredgewidth=0.4,
            elinewidth=0.8,
            capsize=1.5,
            linestyle="none",
            zorder=3,
        )
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    low, high = axis.get_ylim()
    high = max(high, 1.1)
    low = min(low, 0.9, 1 - 0.1 * (high - 1))  # room for the words in the shaded region
    axis.axhspan(low, 1, color="#e4e4e4", linewidth=0, zorder=0)
    axis.axhline(1, color="#666666", linewidth=0.7, zorder=1)
    axis.annotate(
        "compression loses",
        (0.99, 1),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="top",
        fontsize=6,
        xytext=(0, -2),
        textcoords="offset points",
    )
    axis.set(
        ylim=(low, high), xlabel="kappa: all-to-all over the rest of vanilla's step", ylabel="speed-up over vanilla"
    )


def kappa_map_frames(rows: list[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and points of a kappa map."""
    frame = pd.DataFrame(rows)
    return frame[frame["kind"] == PREDICTED], frame[frame["kind"] == MEASURED]


def build(folder: Path) -> list[Path]:
    """Write ``figures/kappa_map.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no valid measurement of a method besides vanilla.
    """
    rows = kappa_map_rows(speedup_rows(read_evidence(folder)))
    if not rows:
        raise UserError(f"results: {folder} holds no valid step times of two methods; measure them first")
    return save(kappa_map_figure(*kappa_map_frames(rows)), folder / "figures" / "kappa_map")


if __name__ == "__main__":
    main(build)
