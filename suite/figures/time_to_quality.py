"""The paper's Fig. 6: held-out perplexity against time, the steps' time being that on the model's own link."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter1d

from suite.analysis.convergence import ConvergenceRow, convergence_rows, own_link
from suite.analysis.rows import AtFault, sound
from suite.analysis.speedup import SpeedupRow, speedup_rows
from suite.config.paper.published import Published, published
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import grid, method_legend, perplexity_axis, reference
from suite.records.evidence import Evidence, read_evidence

CAPTION = (
    "As the paper's Fig. 6: held-out perplexity against training time on the link that resembles the model's cluster: "
    "steps × paired step time there; curves are means over seeds, smoothed as in the paper (1-D Gaussian, sigma 0.5). "
    "Dotted: the perplexity that counts as vanilla's; numbers: how much sooner than vanilla a method gets there, with "
    "the interval over seeds and step times, and how many seeds do. The last panels are of models that the paper does "
    "not show."
)
METHODS = ("vanilla", "lsh", "lsh_no_compensation")
SIGMA = 0.5


def time_frame(evidence: Evidence, speedups: Sequence[SpeedupRow | AtFault]) -> pd.DataFrame:
    """One row per model, task, method and evaluation: mean ``perplexity`` over seeds, smoothed, and ``minutes``.

    A step of a method takes vanilla's mean step on the model's own link over the method's paired speed-up there.
    """
    steps = {(row.model, row.task, row.cluster, row.method): row for row in sound(speedups)}
    frames = []
    for model, task in sorted({(run.model, run.task) for run in evidence.runs}):
        link = own_link(evidence, model, task)
        if link is None:
            continue
        for method in METHODS:
            runs = [run for run in evidence.runs if (run.model, run.task, run.method) == (model, task, method)]
            vanilla, mine = (steps.get((model, task, link.cluster, name)) for name in ("vanilla", method))
            if not runs or runs[0].metric != "perplexity" or vanilla is None or mine is None:
                continue
            # What was measured before the first step is left out: it would flatten all that follows.
            values = pd.concat([run.evals[run.evals["step"] > 0] for run in runs]).groupby("step")["perplexity"].mean()
            seconds = vanilla.step_seconds / mine.speedup.value
            frames.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "task": task,
                        "method": method,
                        "cluster": link.cluster,
                        "minutes": values.index * seconds / 60,
                        "perplexity": gaussian_filter1d(values.to_numpy(dtype=float), SIGMA, mode="nearest"),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def time_figure(frame: pd.DataFrame, table: Sequence[ConvergenceRow | AtFault], numbers: Published) -> Figure:
    """One panel per model and task, the paper's models first."""
    groups = {(str(model), str(task)): part for (model, task), part in frame.groupby(["model", "task"], sort=True)}
    shown = sorted(groups, key=lambda key: (key[0] not in numbers.perplexities, key))
    figure, axes = grid(len(shown), per_row=3, height=2.0)
    for axis, (model, task) in zip(axes, shown, strict=True):
        part = groups[model, task]
        rows = [row for row in sound(table) if (row.model, row.task) == (model, task)]
        for method in METHODS:
            curve = part[part["method"] == method]
            axis.plot(curve["minutes"], curve["perplexity"], **style.line(method))
        perplexity_axis(axis)
        target = next((row.target for row in rows if row.target), None)
        if target is not None:
            reference(axis, target)
        axis.set(xlabel=f"minutes at {part['cluster'].iloc[0]}\n{_ratios(rows)}", xlim=(0, None))
        axis.set_title("\n".join([f"{model} on {task}", _printed(model, numbers)]), loc="left", fontsize=6.5)
    axes[0].set_ylabel("held-out perplexity")
    method_legend(figure, frame["method"])
    return figure


def _ratios(rows: Sequence[ConvergenceRow]) -> str:
    """The time-to-target ratios, a method per line; as many lines in every panel."""
    shown = {row.method: f"{row.method}: {_ratio(row)}" for row in rows if row.target}
    return "\n".join(shown.get(method, "") for method in METHODS[1:])


def _ratio(row: ConvergenceRow) -> str:
    ratio = row.time_to_target_ratio
    if ratio is None:
        return "not reached"
    interval = "" if ratio.low is None else f" [{ratio.low:.2f}, {ratio.high:.2f}]"
    return f"{ratio.value:.2f}×{interval}, {row.reached} of {row.seed_count}"


def _printed(model: str, numbers: Published) -> str:
    """What the paper marks on the same curve, in two lines."""
    marked = numbers.perplexities.get(model)
    if marked is None:
        return "not in the paper\n"
    sooner = next(s.value for s in numbers.speedups if s.model == model and s.section == marked.section)
    without = "" if marked.uncompensated is None else f"({marked.uncompensated} without compensation)"
    return f"paper: {sooner}× sooner at {marked.compensated}\n{without}"


def build(folder: Path) -> list[Path]:
    """Write ``figures/time_to_quality.{svg,pdf,png}`` below ``folder`` from its valid runs and measurements.

    Raises:
        UserError: ``folder`` holds no valid runs of a language model whose step times were measured.
    """
    evidence = read_evidence(folder)
    frame = time_frame(evidence, speedup_rows(evidence))
    if frame.empty:
        raise UserError(
            f"results: {folder} holds no valid runs of a language model with step times; measure them first"
        )
    figure = time_figure(frame, convergence_rows(evidence), published())
    return save(figure, folder / "figures" / "time_to_quality")
