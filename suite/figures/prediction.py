"""Predicted against measured speed-up, cell by cell."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from suite.analysis.order import in_order
from suite.analysis.prediction import MEDIAN_BAR, WORST_BAR, PredictionReport, kappa_map_rows, prediction_report
from suite.analysis.speedup import speedup_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import main, save
from suite.records.evidence import read_evidence

CAPTION = (
    "Speed-ups that the cost model predicts from the open link and vanilla's step on the slow one, against those "
    "measured there, with 95 % intervals. The bands are the bars fixed beforehand: "
    f"±{MEDIAN_BAR:.0%} for the median error (dark), ±{WORST_BAR:.0%} for the worst (light)."
)
TICKS = (0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def prediction_figure(report: PredictionReport) -> Figure:
    """A scatter of all cells on equal logarithmic axes; the model is told by the fill of the mark."""
    style.apply()
    frame = pd.DataFrame(report.rows)
    figure, axis = plt.subplots(figsize=(0.75 * style.FULL_WIDTH, 3.0), layout="constrained")
    ends = [*frame["speedup_low"], *frame["speedup_high"], *frame["predicted_speedup"], 1.0]
    low, high = min(ends) / 1.1, max(ends) * 1.1
    line = [low, high]
    for bar, grey in ((WORST_BAR, "#eeeeee"), (MEDIAN_BAR, "#d5d5d5")):
        axis.fill_between(line, [x * (1 - bar) for x in line], [x * (1 + bar) for x in line], color=grey, linewidth=0)
    axis.plot(line, line, color="#666666", linewidth=0.7)
    models = sorted(frame["model"].unique())
    fills = dict(zip(models, ("full", "none", "left", "bottom", "right", "top"), strict=False))
    for point in frame.itertuples():
        look = style.look(point.method)
        axis.errorbar(
            point.speedup,
            point.predicted_speedup,
            xerr=[[point.speedup - point.speedup_low], [point.speedup_high - point.speedup]],
            color=look.colour,
            marker=look.marker,
            markersize=5,
            fillstyle=fills.get(point.model, "full"),
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
    plain = {"linestyle": "none", "markersize": 5, "markerfacecoloralt": "white"}
    looks = {method: style.look(method) for method in in_order(frame["method"])}
    marks = [plt.Line2D([], [], label=m, color=look.colour, marker=look.marker, **plain) for m, look in looks.items()]
    shapes = [
        plt.Line2D([], [], label=m, color="#444444", marker="o", fillstyle=fills.get(m, "full"), **plain)
        for m in models
    ]
    figure.legend(handles=[*marks, *shapes], loc="outside right center")
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/prediction.{svg,pdf,png}`` below ``folder`` from its valid measurements.

    Raises:
        UserError: ``folder`` holds no measured cell that has a prediction.
    """
    report = prediction_report(kappa_map_rows(speedup_rows(read_evidence(folder))))
    if not report.rows:
        raise UserError(
            f"results: {folder} holds no step times on a second link besides the calibrating one; measure one first"
        )
    return save(prediction_figure(report), folder / "figures" / "prediction")


if __name__ == "__main__":
    main(build)
