"""Speed-up against kappa: predicted curves, measured points over them, and where compression loses."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from suite.analysis.order import in_order
from suite.analysis.prediction import MEASURED, PREDICTED, KappaMapRow, kappa_map_rows
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import point
from suite.records.evidence import read_evidence

CAPTION = (
    "Speed-up against kappa: predicted curves, measured points with 95 % intervals over them. In the shaded "
    "region compression loses."
)

PER_ROW = 2


def kappa_map_figure(rows: Sequence[KappaMapRow]) -> Figure:
    """One panel per model and task: predicted speed-up over kappa as curves, measured ones as points."""
    style.apply()
    panels = sorted({(row.model, row.task) for row in rows})
    columns = min(PER_ROW, len(panels))
    lines = -(-len(panels) // columns)
    size = (style.FULL_WIDTH, 0.7 + 2.2 * lines)
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (model, task) in zip(axes.flat, panels, strict=False):
        _panel(axis, [row for row in rows if (row.model, row.task) == (model, task)])
        axis.set_title(f"{model} on {task}", loc="left")
    handles = [Line2D([], [], label=method, **style.line(method)) for method in in_order(row.method for row in rows)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=3.2, columnspacing=1.4)
    return figure


def _panel(axis: Axes, rows: Sequence[KappaMapRow]) -> None:
    curves = [row for row in rows if row.kind == PREDICTED]
    for method in dict.fromkeys(row.method for row in curves):
        part = [(row.kappa, row.predicted_speedup) for row in curves if row.method == method]
        line = style.line(method) | {"marker": "", "linewidth": 1.0}
        curve = pd.DataFrame(part, columns=["kappa", "speedup"])
        sns.lineplot(curve, x="kappa", y="speedup", errorbar=None, ax=axis, legend=False, **line)
    for row in rows:
        if row.kind == MEASURED and row.speedup:
            point(axis, row.method, row.kappa, row.speedup.value, row.speedup.low, row.speedup.high, zorder=3)
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
        ylim=(low, high),
        xlabel="kappa: all-to-all over the rest of the reference's step",
        ylabel="speed-up over the reference",
    )


def build(folder: Path) -> list[Path]:
    """Write ``figures/kappa_map.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no valid measurement of a method besides the reference.
    """
    rows = kappa_map_rows(speedup_rows(read_evidence(folder)))
    if not rows:
        raise UserError(f"results: {folder} holds no valid step times of two methods; measure them first")
    return save(kappa_map_figure(rows), folder / "figures" / "kappa_map")
