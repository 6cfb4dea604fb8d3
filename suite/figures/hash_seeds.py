"""How much of a rate and of an error is the luck of one hash seed."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from suite.analysis.order import in_order
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import grid
from suite.records.probes import Probe, read_probes

CAPTION = (
    "Rate and errors of methods that draw, one mark per hash seed, as the distance from the method's mean over hash "
    "seeds; each is a mean over the same held-out batches with the same weights. Numbers: the mean, and the standard "
    "deviation over hash seeds relative to it. Runs that differ in their hash seed alone differ by as much."
)
SHOWN = {
    "rate": "rows sent",
    "dense_gradient.relative_error": "error of dense gradient",
    "expert_gradient.relative_error": "error of experts' gradient",
}


def by_hash_seed(probes: Sequence[Probe]) -> pd.DataFrame:
    """One row per model, task, method and hash seed, means over batches in percent; only methods with several seeds."""
    frames = []
    for probe in probes:
        mean = probe.comparisons.groupby(["method", "hash_seed"])[list(SHOWN)].mean().mul(100).reset_index()
        several = mean.groupby("method")["hash_seed"].transform("size") > 1
        frames.append(mean[several].assign(model=probe.model, task=probe.task))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def hash_seeds_figure(frame: pd.DataFrame) -> Figure:
    """One row per model and task, one panel per number."""
    groups = list(frame.groupby(["model", "task"], sort=True))
    most = frame.groupby(["model", "task"])["method"].nunique().max()
    figure, axes = grid(len(groups) * len(SHOWN), per_row=len(SHOWN), height=0.5 + 0.22 * most)
    for number, ((model, task), part) in enumerate(groups):
        row = axes[len(SHOWN) * number : len(SHOWN) * (number + 1)]
        for axis, (name, label) in zip(row, SHOWN.items(), strict=True):
            _strip(axis, part, name)
            axis.set_xlabel(f"{label}:\noff its mean [%]")
        for axis in row[1:]:
            axis.set_yticklabels([])
        row[0].set_title(f"{model} on {task}, {part['hash_seed'].nunique()} hash seeds", loc="left")
    return figure


def _strip(axis: Axes, part: pd.DataFrame, name: str) -> None:
    methods = in_order(part["method"])
    for place, method in enumerate(methods):
        given, look = part.loc[part["method"] == method, name], style.look(method)
        values = 100 * (given / given.mean() - 1)
        axis.plot([values.min(), values.max()], [place, place], color=look.colour, linewidth=0.8, zorder=1)
        axis.plot(
            values,
            [place] * len(values),
            color=look.colour,
            marker=look.marker,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linestyle="none",
        )
        axis.annotate(
            f"{given.mean():.1f}% ±{values.std():.1f}%",
            (1.0, place),
            xycoords=("axes fraction", "data"),
            fontsize=5.5,
            ha="right",
            va="bottom",
            xytext=(0, 2),
            textcoords="offset points",
        )
    axis.set_yticks(range(len(methods)), methods)
    axis.set_ylim(len(methods) - 0.5, -0.7)
    axis.margins(x=0.15)


def build(folder: Path) -> list[Path]:
    """Write ``figures/hash_seeds.{svg,pdf,png}`` below ``folder`` from its valid probes.

    Raises:
        UserError: ``folder`` holds no valid probe with several hash seeds.
    """
    frame = by_hash_seed(read_probes(folder)[0])
    if frame.empty:
        raise UserError(
            f"results: {folder} holds no valid probe of several hash seeds; make one by lshmoe-bench measure errors"
        )
    return save(hash_seeds_figure(frame), folder / "figures" / "hash_seeds")
