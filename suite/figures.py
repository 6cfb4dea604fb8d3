"""The convergence figure of one scale, from its records alone: ``python -m suite.figures scale=nano``."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from suite import style
from suite.comparisons import data_name
from suite.config import compose
from suite.errors import UserError, exit_on_user_error
from suite.evidence import Run, read_evidence
from suite.files import write_atomically

# Metadata that would differ from build to build is left out, so that equal records give equal files.
FORMATS = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}


def convergence_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per evaluation: what was run, its step, minutes spent in training steps until then, and perplexity."""
    frames = []
    for run in runs:
        minutes = run.train.set_index("step")["seconds"].cumsum() / 60
        frame = run.evals[["step", "perplexity"]].assign(
            model=run.model, task=run.task, method=run.method, seed=run.seed, data=data_name(run.summary["data"])
        )
        frames.append(frame.assign(minutes=frame["step"].map(minutes).fillna(0.0)))
    return pd.concat(frames, ignore_index=True)


def convergence_figure(frame: pd.DataFrame) -> Figure:
    """Held-out perplexity against steps (left) and wall time (right), one row of panels per model and task."""
    style.apply()
    methods = style.in_order(frame["method"])
    looks = {method: style.look(method) for method in methods}
    groups = list(frame.groupby(["model", "task"], sort=True))
    figure, axes = plt.subplots(
        len(groups),
        2,
        figsize=(style.FULL_WIDTH, 0.45 + 1.9 * len(groups)),
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for row, ((model, task), part) in zip(axes, groups, strict=True):
        for axis, column in zip(row, ("step", "minutes"), strict=True):
            for method in methods:
                _curve(axis, part[part["method"] == method], column, looks[method])
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(ScalarFormatter())
            axis.yaxis.set_minor_formatter(NullFormatter())
        row[0].set(xlabel="training step", ylabel="held-out perplexity")
        row[1].set(xlabel="minutes spent in training steps", ylabel="")
        row[0].set_title(f"{model} on {part['data'].iloc[0]} ({task})", loc="left")
    handles = [plt.Line2D([], [], label=method, **_line(looks[method])) for method in methods]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=3.2, columnspacing=1.4)
    return figure


def _line(look: style.Look) -> dict[str, object]:
    return {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": (0, look.dash) if look.dash else "-",
        "markeredgecolor": "white",
        "markeredgewidth": 0.4,
    }


def _curve(axis: Axes, part: pd.DataFrame, column: str, look: style.Look) -> None:
    """Mean over seeds at each evaluation; with several seeds, a band of their full range."""
    if part.empty:
        return
    mean = part.groupby("step", as_index=False)[[column, "perplexity"]].mean() if column != "step" else part
    band = ("pi", 100) if part["seed"].nunique() > 1 and column == "step" else None
    sns.lineplot(mean, x=column, y="perplexity", errorbar=band, ax=axis, legend=False, **_line(look))


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write ``stem`` as SVG, PDF and PNG."""
    paths = []
    for suffix, metadata in FORMATS.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, metadata=metadata)
        write_atomically(stem.with_suffix(f".{suffix}"), buffer.getvalue())
        paths.append(stem.with_suffix(f".{suffix}"))
    plt.close(figure)
    return paths


def build(folder: Path) -> list[Path]:
    """Write ``figures/convergence.{svg,pdf,png}`` below ``folder`` from its valid runs.

    Raises:
        UserError: ``folder`` holds no valid run.
    """
    runs = read_evidence(folder).runs
    if not runs:
        raise UserError(f"results: {folder} holds no valid run to draw; train one first")
    return save(convergence_figure(convergence_frame(runs)), folder / "figures" / "convergence")


def main() -> None:
    with exit_on_user_error():
        config = compose(sys.argv[1:])
        paths = build(config.results / config.scale.name)
    print(*paths, sep="\n")


if __name__ == "__main__":
    main()
