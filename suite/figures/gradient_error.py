"""Errors of outputs and gradients against exact dispatch, over the bytes that they save."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from suite.analysis.gradient_error import GradientErrorRow, error_rows
from suite.errors import UserError
from suite.figures.canvas import save
from suite.figures.panels import bytes_axis, grid, method_legend, point
from suite.records.probes import read_probes
from suite.records.vocabulary import COMPARED

CAPTION = (
    "Relative error of each method against exact dispatch, with the same weights on the same held-out batches, "
    "over the bytes it sends. Bars: least and largest over batches and hash seeds. Vanilla, which is exact, is not "
    "drawn."
)
LABELS = {
    "layer": "first MoE layer's output",
    "output": "logits",
    "dense_gradient": "gradient, dense",
    "expert_gradient": "gradient, experts",
}


def gradient_error_figure(rows: Sequence[GradientErrorRow]) -> Figure:
    """One row per model and task, one panel per quantity; errors are logarithmic, methods without error left out."""
    inexact = [row for row in rows if row.relative_error.low]
    groups = sorted({(row.model, row.task) for row in inexact})
    figure, axes = grid(len(groups) * len(COMPARED), per_row=len(COMPARED), height=1.7)
    for number, (model, task) in enumerate(groups):
        part = [row for row in inexact if (row.model, row.task) == (model, task)]
        for axis, quantity in zip(axes[len(COMPARED) * number :], COMPARED, strict=False):
            for row in part:
                if row.quantity == quantity:
                    error = row.relative_error.times(100)
                    x = 100 * row.relative_bytes
                    point(axis, row.method, x, error.value, error.low, error.high, markersize=5)
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.yaxis.set_minor_locator(NullLocator())
            bytes_axis(axis, [100 * row.relative_bytes for row in inexact])
            axis.tick_params(axis="x", rotation=45)
            axis.set_xlabel("bytes [% of 16 bit]")
            axis.set_title(LABELS[quantity], loc="left", fontsize=6.5)
        axes[len(COMPARED) * number].set_ylabel(f"{model} on {task}\nrelative error [%]")
    method_legend(figure, (row.method for row in inexact), lines=False)
    return figure


def build(folder: Path) -> list[Path]:
    """Write ``figures/gradient_error.{svg,pdf,png}`` below ``folder`` from its valid probes.

    Raises:
        UserError: ``folder`` holds no valid probe.
    """
    rows = error_rows(read_probes(folder)[0])
    if not rows:
        raise UserError(
            f"results: {folder} holds no valid probe; make one by: lshmoe-bench measure errors scale={folder.name}"
        )
    return save(gradient_error_figure(rows), folder / "figures" / "gradient_error")
