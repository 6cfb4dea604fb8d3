"""Predicted against measured speed-up, cell by cell."""

from pathlib import Path
from typing import Any, Literal

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from suite.analysis.estimate import Estimate
from suite.analysis.order import in_order
from suite.analysis.prediction import MEDIAN_BAR, WORST_BAR, PredictionReport, prediction_report, prediction_rows
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.evidence import read_evidence

CAPTION = (
    "Speed-ups that the cost model predicts from the open link and the reference's step on the slow one, against those "
    "measured there, with 95 % intervals. The bands are the bars fixed beforehand: "
    f"±{MEDIAN_BAR:.0%} for the median error (dark), ±{WORST_BAR:.0%} for the worst (light)."
)
TICKS = (0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
# Of a mark; they tell models apart.
FILLS: tuple[Literal["full", "none", "left", "bottom", "right", "top"], ...] = (
    "full",
    "none",
    "left",
    "bottom",
    "right",
    "top",
)


def prediction_figure(report: PredictionReport) -> Figure:
    """A scatter of all cells on equal logarithmic axes; the model is told by the fill of the mark."""
    style.apply()
    figure, axis = plt.subplots(figsize=(0.75 * style.FULL_WIDTH, 3.0), layout="constrained")
    ends = [1.0, *(end for row in report.rows for end in (*_interval(row.speedup), row.predicted_speedup))]
    low, high = min(ends) / 1.1, max(ends) * 1.1
    line = (low, high)
    for bar, grey in ((WORST_BAR, "#eeeeee"), (MEDIAN_BAR, "#d5d5d5")):
        axis.fill_between(line, [x * (1 - bar) for x in line], [x * (1 + bar) for x in line], color=grey, linewidth=0)
    axis.plot(line, line, color="#666666", linewidth=0.7)
    models = sorted({row.model for row in report.rows})
    fills = dict(zip(models, FILLS, strict=False))
    for row in report.rows:
        look = style.look(row.method)
        lowest, highest = _interval(row.speedup)
        axis.errorbar(
            row.speedup.value,
            row.predicted_speedup,
            xerr=[[row.speedup.value - lowest], [highest - row.speedup.value]],
            color=look.colour,
            marker=look.marker,
            markersize=5,
            fillstyle=fills.get(row.model, "full"),
            markerfacecoloralt="white",
            markeredgewidth=0.8,
            elinewidth=0.7,
            linestyle="none",
            zorder=3,
        )
    axis.set(xscale="log", yscale="log", xlim=line, ylim=line)
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_locator(FixedLocator(TICKS))
        ticks.set_minor_locator(NullLocator())
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set(xlabel="measured speed-up", ylabel="predicted speed-up", aspect="equal")
    axis.set_title(f"median error {report.median:.1%}, worst {report.worst:.1%}", loc="left")
    plain: dict[str, Any] = {"linestyle": "none", "markersize": 5, "markerfacecoloralt": "white"}
    looks = {method: style.look(method) for method in in_order(row.method for row in report.rows)}
    marks = [Line2D([], [], label=m, color=look.colour, marker=look.marker, **plain) for m, look in looks.items()]
    shapes = [
        Line2D([], [], label=m, color="#444444", marker="o", fillstyle=fills.get(m, "full"), **plain) for m in models
    ]
    figure.legend(handles=[*marks, *shapes], loc="outside right center")
    return figure


def _interval(speedup: Estimate) -> tuple[float, float]:
    """The ends, which are the value itself where there is no interval."""
    low, high = speedup.low, speedup.high
    return (speedup.value, speedup.value) if low is None or high is None else (low, high)


def build(folder: Path) -> list[Path]:
    """Write ``figures/prediction.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no measured cell that has a prediction.
    """
    report = prediction_report(prediction_rows(speedup_rows(read_evidence(folder))))
    if not report.rows:
        raise UserError(
            f"results: {folder} holds no step times on a second link besides the calibrating one; measure one first"
        )
    return save(prediction_figure(report), folder / "figures" / "prediction")
