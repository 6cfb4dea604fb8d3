"""All-to-all share and LSH's predicted speed-up from 16 to 16,384 GPUs, by the cost model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from suite.analysis.extrapolation import ExtrapolationRow, extrapolation_rows
from suite.config.paper.published import published
from suite.costmodel.sheets import sheets
from suite.figures import style
from suite.figures.canvas import save

CAPTION = (
    "The share of all-to-all in a step and LSH's speed-up from 16 to 16,384 GPUs, predicted by the cost model. "
    "Nothing but the open marks, the paper's, was measured."
)

# RoBERTa-MoE and Swin-MoE-L count with the widths of GPT-MoE (15B), so their shares are its.
LOOKS = {"GPT-MoE (15B)": "vanilla", "GPT-MoE (52B)": "lsh", "T5-MoE": "int8"}
PUBLISHED = {"GPT-MoE (15B)": "o", "RoBERTa-MoE": "D", "Swin-MoE-L": "^"}
OPEN: dict[str, Any] = {
    "markerfacecolor": "white",
    "markeredgecolor": "#222222",
    "linestyle": "none",
    "markersize": 3.8,
    "zorder": 4,
}
DASHES: dict[str, Any] = {"flat": "-", "hierarchical": (0, (2, 1.2))}


def extrapolation_figure(rows: Sequence[ExtrapolationRow], titles: dict[str, str]) -> Figure:
    """Shares above, speed-ups below, one column per cluster.

    Args:
        rows: of all clusters.
        titles: of the clusters, by name.
    """
    style.apply()
    clusters = list(dict.fromkeys(row.cluster for row in rows))
    figure, axes = plt.subplots(
        2,
        len(clusters),
        figsize=(style.FULL_WIDTH, 3.1),
        sharex=True,
        sharey="row",
        layout="constrained",
        squeeze=False,
    )
    for column, cluster in enumerate(clusters):
        part = [row for row in rows if row.cluster == cluster]
        _curves(axes[0, column], [(row, 100 * row.share) for row in part])
        _curves(axes[1, column], [(row, row.speedup) for row in part])
        _published(axes[0, column], part)
        axes[0, column].set_title(titles[cluster].replace(": ", "\n", 1).replace(" of 8", "\nof 8", 1), fontsize=6.5)
        axes[1, column].axhline(1, color="#666666", linewidth=0.7, zorder=1)
        axes[1, column].set(xlabel="GPUs", ylabel="predicted speed-up" if not column else "", yscale="log")
        axes[1, column].yaxis.set_major_locator(FixedLocator((1, 1.5, 2, 3, 4, 5)))
        axes[1, column].yaxis.set_major_formatter(ScalarFormatter())
        axes[1, column].yaxis.set_minor_locator(NullLocator())
        axes[0, column].set(ylabel="all-to-all of step [%]" if not column else "", ylim=(0, 102))
    figure.legend(handles=_handles(), loc="outside lower center", ncols=3, handlelength=2.6, columnspacing=1.2)
    return figure


def _curves(axis: Axes, points: Sequence[tuple[ExtrapolationRow, float]]) -> None:
    """One curve per model and exchange over GPUs."""
    drawn = [(row, y) for row, y in points if row.model in LOOKS]
    for model, path in dict.fromkeys((row.model, row.exchange) for row, _ in drawn):
        look = style.look(LOOKS[model])
        line = [(row.gpus, y) for row, y in drawn if (row.model, row.exchange) == (model, path)]
        sns.lineplot(
            pd.DataFrame(line, columns=["gpus", "y"]),
            x="gpus",
            y="y",
            errorbar=None,
            ax=axis,
            legend=False,
            color=look.colour,
            marker=look.marker,
            markevery=5,
            markersize=3.2,
            markeredgewidth=0,
            linestyle=DASHES[path],
            linewidth=0.9,
        )
    axis.set_xscale("log", base=2)
    axis.set_xticks([2**4, 2**9, 2**14], ["16", "512", "16k"])


def _published(axis: Axes, rows: Sequence[ExtrapolationRow]) -> None:
    """Shares that the paper measured on this cluster, as open marks."""
    known = [(row.model, row.gpus, row.published_share) for row in rows if row.exchange == "flat"]
    for model, mark in sorted(PUBLISHED.items()):
        marks = [(gpus, 100 * share) for each, gpus, share in known if each == model and share is not None]
        if marks:
            axis.plot(*zip(*marks, strict=True), marker=mark, **OPEN)


def _handles() -> list[Line2D]:
    looks = {model: style.look(name) for model, name in LOOKS.items()}
    models = [
        Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, label=model)
        for model, look in looks.items()
    ]
    paths = [Line2D([], [], color="#444444", linestyle=dash, label=path) for path, dash in DASHES.items()]
    shares = [Line2D([], [], marker=mark, label=f"published: {model}", **OPEN) for model, mark in PUBLISHED.items()]
    return [*models, *paths, *shares]


def build(folder: Path) -> list[Path]:
    """Write ``figures/extrapolation.{svg,pdf,png}`` below ``folder``; the same at every scale."""
    rows = extrapolation_rows(published(), sheets())
    titles = {key: cluster.title for key, cluster in sheets().clusters.items()}
    return save(extrapolation_figure(rows, titles), folder / "figures" / "extrapolation")
