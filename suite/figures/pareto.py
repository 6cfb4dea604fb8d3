"""Quality against bytes on the wire: which methods are not beaten in both by another."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from suite.analysis.convergence import convergence_rows
from suite.analysis.rows import INVALID, Row
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import bytes_axis, grid, method_legend
from suite.records.evidence import read_evidence

CAPTION = (
    "Held-out quality after the last step against the bytes that all MoE layers sent, relative to a plain 16-bit wire. "
    "A method on the grey line is beaten by no other in both. Shaded: as good as vanilla within the target's "
    "slack; bars: 95 % over seeds, none with one seed."
)


def pareto_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of ``convergence.csv`` with bytes and a value, each with ``front``: whether no other is as good in both.

    A group of one method has nothing to compare and is left out.
    """
    frame = pd.DataFrame([row for row in rows if row["value"] != INVALID and row.get("relative_bytes") is not None])
    if frame.empty:
        return frame
    groups = [_with_front(part) for _, part in frame.groupby(["model", "task"], sort=True) if len(part) > 1]
    return pd.concat(groups, ignore_index=True) if groups else frame.iloc[:0]


def _with_front(part: pd.DataFrame) -> pd.DataFrame:
    worse = part["value"] * (1 if part["metric"].iloc[0] == "perplexity" else -1)
    points = list(zip(part["relative_bytes"], worse, strict=True))
    front = [
        not any(other != point and other[0] <= point[0] and other[1] <= point[1] for other in points)
        for point in points
    ]
    return part.assign(front=front)


def pareto_figure(frame: pd.DataFrame) -> Figure:
    """One panel per model and task."""
    groups = list(frame.groupby(["model", "task"], sort=True))
    figure, axes = grid(len(groups), per_row=2, height=1.75)
    for axis, ((model, task), part) in zip(axes, groups, strict=True):
        _panel(axis, part)
        bytes_axis(axis, list(100 * frame["relative_bytes"]))
        axis.set_title(f"{model} on {task}", loc="left")
    method_legend(figure, frame["method"], lines=False)
    return figure


def _panel(axis: Axes, part: pd.DataFrame) -> None:
    metric = part["metric"].iloc[0]
    front = part[part["front"]].sort_values("relative_bytes")
    axis.plot(100 * front["relative_bytes"], front["value"], color="#bbbbbb", linewidth=2.5, zorder=1.5)
    for point in part.itertuples():
        look = style.look(point.method)
        has_interval = point.value_low is not None and point.value_low == point.value_low
        interval = [[point.value - point.value_low], [point.value_high - point.value]] if has_interval else None
        axis.errorbar(
            100 * point.relative_bytes,
            point.value,
            yerr=interval,
            color=look.colour,
            marker=look.marker,
            markersize=5,
            markeredgecolor="white",
            markeredgewidth=0.4,
            elinewidth=0.8,
            capsize=1.5,
            linestyle="none",
            zorder=3,
        )
    axis.margins(y=0.18)
    vanilla, target = part.loc[part["method"] == "vanilla", "value"], part["target"].dropna()
    if len(vanilla) and len(target):
        # As good as vanilla, by the slack that the convergence table allows; a panel never shows less than that.
        ends = sorted((float(vanilla.iloc[0]), float(target.iloc[0])))
        axis.axhspan(*ends, color="#eeeeee", linewidth=0, zorder=0)
        room = 0.6 * (ends[1] - ends[0])
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, ends[0] - room), max(high, ends[1] + room))
    direction = "lower" if metric == "perplexity" else "higher"
    axis.set(xlabel="bytes on the wire [% of 16 bit]", ylabel=f"{metric} ({direction} is better)")


def build(folder: Path) -> list[Path]:
    """Write ``figures/pareto.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no two methods of one model and task that trained.
    """
    frame = pareto_frame(convergence_rows(read_evidence(folder)))
    if frame.empty:
        raise UserError(f"results: {folder} holds no valid runs of two methods to compare; train them first")
    return save(pareto_figure(frame), folder / "figures" / "pareto")
