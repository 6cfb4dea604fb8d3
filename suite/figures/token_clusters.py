"""The paper's Fig. 4: rows that enter an all-to-all in two dimensions, by token and by cluster."""

import sys
from pathlib import Path
from zipfile import BadZipFile

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.records.opened import note

CAPTION = (
    "As the paper's Fig. 4: the first two principal components of rows that enter the last MoE layer's all-to-all, of "
    "whole experts on one rank, under exact dispatch on a held-out batch. Left: the commonest tokens; right: "
    "LSH's largest clusters. Grey: all others; crosses: rows that share their cluster with no other."
)
SHOWN = 7
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "*")


def principal_components(rows_SD: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First two components ``[S, 2]`` and the share of variance of each ``[2]``; a component's largest entry is "
    "positive."""
    centred = rows_SD - rows_SD.mean(0)
    left, values, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(2), np.abs(right[:2]).argmax(1)])
    return left[:, :2] * values[:2] * signs, values[:2] ** 2 / (values**2).sum()


def token_clusters_figure(samples: dict[str, dict[str, NDArray[np.generic]]]) -> Figure:
    """One row per sample: by token on the left (unless there are none), by cluster on the right."""
    style.apply()
    size = (style.FULL_WIDTH, 0.2 + 2.6 * len(samples))
    figure, axes = plt.subplots(len(samples), 2, figsize=size, squeeze=False, layout="constrained")
    for (by_token, by_cluster), (name, sample) in zip(axes, samples.items(), strict=True):
        points, explained = principal_components(sample["rows"].astype(np.float64))
        clusters, sizes = np.unique(sample["cluster"], return_counts=True)
        alone = np.isin(sample["cluster"], clusters[sizes == 1])
        tokens = np.char.replace(np.char.replace(sample["token"].astype(str), "Ġ", "␣"), "Ċ", "↵")
        _scatter(by_token, points, tokens, np.zeros(len(points), dtype=bool), "token {}")
        _scatter(by_cluster, points, sample["cluster"].astype(str), alone, "{}")
        by_token.set_title(f"{name}, {sample['layer']}: {len(points)} rows", loc="left")
        by_cluster.set_title(f"{len(clusters)} clusters, {len(clusters) / len(points):.0%} of the rows", loc="left")
        for axis in (by_token, by_cluster):
            axis.set(xlabel=f"component 1 ({explained[0]:.0%} of variance)")
        by_token.set(ylabel=f"component 2 ({explained[1]:.0%})")
    return figure


def _scatter(
    axis: Axes, points: NDArray[np.float64], groups: NDArray[np.str_], alone: NDArray[np.bool_], label: str
) -> None:
    names, counts = np.unique(groups, return_counts=True)
    largest = [name for name in names[np.lexsort((names, -counts))][:SHOWN] if name]
    others = ~np.isin(groups, largest) & ~alone
    x, y = points[others].T
    axis.scatter(x, y, s=5, color="#c4c4c4", linewidth=0, label="others", zorder=1)
    if alone.any():
        x, y = points[alone].T
        axis.scatter(x, y, s=9, color="#9a9a9a", marker="x", linewidth=0.5, label="alone", zorder=1)
    for name, colour, marker in zip(largest, COLOURS, MARKERS, strict=False):
        x, y = points[groups == name].T
        text = f"“{name}”" if label.startswith("token") else "cluster of"
        axis.scatter(
            x,
            y,
            s=11,
            color=colour,
            marker=marker,
            edgecolor="white",
            linewidth=0.2,
            label=f"{text} {len(x)}",
            zorder=2,
        )
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.1, fontsize=5.5, borderpad=0)


def read_samples(folder: Path) -> dict[str, dict[str, NDArray[np.generic]]]:
    """Samples of rows that probes left below ``folder``, by ``model on task``; a bad one is named on stderr."""
    samples = {}
    for path in sorted(folder.glob("probe/*/*.npz")):
        note(path)
        try:
            with np.load(path, allow_pickle=False) as file:
                sample = {name: file[name] for name in ("layer", "rows", "expert", "cluster", "token")}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            print(f"invalid record {path}: {error}", file=sys.stderr)
            continue
        samples[f"{path.parts[-2]} on {path.stem}"] = sample
    return samples


def build(folder: Path) -> list[Path]:
    """Write ``figures/token_clusters.{svg,pdf,png}`` below ``folder`` from the rows that probes sampled.

    Raises:
        UserError: ``folder`` holds no such rows.
    """
    samples = read_samples(folder)
    if not samples:
        raise UserError(f"results: {folder} holds no sample of rows; a probe that includes lsh leaves one")
    return save(token_clusters_figure(samples), folder / "figures" / "token_clusters")
