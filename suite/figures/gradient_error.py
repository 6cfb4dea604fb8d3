"""Errors of outputs and gradients against exact dispatch, over the bytes that they save."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from suite.analysis.gradient_error import error_rows
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import bytes_axis, grid, method_legend
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


def gradient_error_figure(frame: pd.DataFrame) -> Figure:
    """One row per model and task, one panel per quantity; errors are logarithmic, methods without error left out."""
    inexact = frame[frame["relative_error_low"] > 0]
    groups = list(inexact.groupby(["model", "task"], sort=True))
    figure, axes = grid(len(groups) * len(COMPARED), per_row=len(COMPARED), height=1.7)
    for number, ((model, task), part) in enumerate(groups):
        for axis, quantity in zip(axes[len(COMPARED) * number :], COMPARED, strict=False):
            for point in part[part["quantity"] == quantity].itertuples():
                look = style.look(point.method)
                error, low, high = (
                    100 * value for value in (point.relative_error, point.relative_error_low, point.relative_error_high)
                )
                axis.errorbar(
                    100 * point.relative_bytes,
                    error,
                    yerr=[[error - low], [high - error]],
                    color=look.colour,
                    marker=look.marker,
                    markersize=5,
                    markeredgecolor="white",
                    markeredgewidth=0.4,
                    elinewidth=0.8,
                    capsize=1.5,
                    linestyle="none",
                )
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.yaxis.set_minor_locator(NullLocator())
            bytes_axis(axis, list(100 * inexact["relative_bytes"]))
            axis.tick_params(axis="x", rotation=45)
            axis.set_xlabel("bytes [% of 16 bit]")
            axis.set_title(LABELS[quantity], loc="left", fontsize=6.5)
        axes[len(COMPARED) * number].set_ylabel(f"{model} on {task}\nrelative error [%]")
    method_legend(figure, inexact["method"], lines=False)
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
    return save(gradient_error_figure(pd.DataFrame(rows)), folder / "figures" / "gradient_error")
