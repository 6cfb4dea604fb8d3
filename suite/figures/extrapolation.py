"""All-to-all share and LSH's predicted speed-up from 16 to 16,384 GPUs, by the cost model."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from suite.analysis.extrapolation import extrapolation_rows
from suite.config.paper.published import published
from suite.costmodel.sheets import sheets
from suite.figures import style
from suite.figures.canvas import main, save

CAPTION = (
    "The share of all-to-all in a step and LSH's speed-up from 16 to 16,384 GPUs, predicted by the cost model. "
    "Nothing but the open marks, the paper's, was measured."
)

# RoBERTa-MoE and Swin-MoE-L count with the widths of GPT-MoE (15B), so their shares are its.
LOOKS = {"GPT-MoE (15B)": "vanilla", "GPT-MoE (52B)": "lsh", "T5-MoE": "int8"}
PUBLISHED = {"GPT-MoE (15B)": "o", "RoBERTa-MoE": "D", "Swin-MoE-L": "^"}
OPEN = {"markerfacecolor": "white", "markeredgecolor": "#222222", "linestyle": "none", "markersize": 3.8, "zorder": 4}
DASHES = {"flat": "-", "hierarchical": (0, (2, 1.2))}


def extrapolation_figure(frame: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Shares above, speed-ups below, one column per cluster.

    Args:
        frame: rows of ``extrapolation.csv``.
        titles: of the clusters, by name.
    """
    style.apply()
    clusters = list(dict.fromkeys(frame["cluster"]))
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
        part = frame[frame["cluster"] == cluster]
        for axis, y, scale in ((axes[0, column], "share", 100), (axes[1, column], "speedup", 1)):
            _curves(axis, part.assign(**{y: scale * part[y]}), y)
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


def _curves(axis: Axes, part: pd.DataFrame, y: str) -> None:
    for (model, path), line in part[part["model"].isin(LOOKS)].groupby(["model", "exchange"], sort=False):
        look = style.look(LOOKS[model])
        sns.lineplot(
            line,
            x="gpus",
            y=y,
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


def _published(axis: Axes, part: pd.DataFrame) -> None:
    """Shares that the paper measured on this cluster, as open marks."""
    known = part[part["published_share"].notna() & (part["exchange"] == "flat")]
    for model, rows in known.groupby("model"):
        axis.plot(rows["gpus"], 100 * rows["published_share"], marker=PUBLISHED[model], **OPEN)


def _handles() -> list[plt.Line2D]:
    looks = {model: style.look(name) for model, name in LOOKS.items()}
    models = [
        plt.Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, label=model)
        for model, look in looks.items()
    ]
    paths = [plt.Line2D([], [], color="#444444", linestyle=dash, label=path) for path, dash in DASHES.items()]
    shares = [plt.Line2D([], [], marker=mark, label=f"published: {model}", **OPEN) for model, mark in PUBLISHED.items()]
    return [*models, *paths, *shares]


def build(folder: Path) -> list[Path]:
    """Write ``figures/extrapolation.{svg,pdf,png}`` below ``folder``; the same at every scale."""
    frame = pd.DataFrame(extrapolation_rows(published(), sheets()))
    titles = {key: cluster.title for key, cluster in sheets().clusters.items()}
    return save(extrapolation_figure(frame, titles), folder / "figures" / "extrapolation")


if __name__ == "__main__":
    main(build)
