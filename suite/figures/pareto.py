"""Quality against bytes on the wire: which methods are not beaten in both by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from suite.analysis.convergence import ConvergenceRow, convergence_rows
from suite.analysis.rows import AtFault, sound
from suite.errors import UserError
from suite.figures.canvas import save
from suite.figures.panels import bytes_axis, grid, method_legend, point
from suite.records.evidence import read_evidence

CAPTION = (
    "Held-out quality after the last step against the bytes that all MoE layers sent, relative to a plain 16-bit wire. "
    "A method on the grey line is beaten by no other in both. Shaded: as good as vanilla within the target's "
    "slack; bars: 95 % over seeds, none with one seed."
)


@dataclass(frozen=True)
class Competitor:
    """A method with its bytes, relative to a 16-bit wire, and whether no other is as good in bytes and in quality."""

    row: ConvergenceRow
    bytes: float
    on_front: bool


def competitors(rows: Sequence[ConvergenceRow | AtFault]) -> dict[tuple[str, str], list[Competitor]]:
    """Methods that sent something, by model and task; a group of one has nothing to compare and is left out."""
    groups: dict[tuple[str, str], list[tuple[ConvergenceRow, float]]] = {}
    for row in sound(rows):
        if row.relative_bytes is not None:
            groups.setdefault((row.model, row.task), []).append((row, row.relative_bytes))
    return {key: _with_front(groups[key]) for key in sorted(groups) if len(groups[key]) > 1}


def _with_front(group: Sequence[tuple[ConvergenceRow, float]]) -> list[Competitor]:
    points = [(sent, row.value.value * (1 if row.metric == "perplexity" else -1)) for row, sent in group]
    return [
        Competitor(
            row, sent, not any(other != mine and other[0] <= mine[0] and other[1] <= mine[1] for other in points)
        )
        for (row, sent), mine in zip(group, points, strict=True)
    ]


def pareto_figure(groups: dict[tuple[str, str], list[Competitor]]) -> Figure:
    """One panel per model and task."""
    everyone = [each for group in groups.values() for each in group]
    figure, axes = grid(len(groups), per_row=2, height=1.75)
    for axis, ((model, task), group) in zip(axes, groups.items(), strict=True):
        _panel(axis, group)
        bytes_axis(axis, [100 * each.bytes for each in everyone])
        axis.set_title(f"{model} on {task}", loc="left")
    method_legend(figure, (each.row.method for each in everyone), lines=False)
    return figure


def _panel(axis: Axes, group: Sequence[Competitor]) -> None:
    metric, target = group[0].row.metric, group[0].row.target
    front = sorted((each for each in group if each.on_front), key=lambda each: each.bytes)
    curve = [100 * each.bytes for each in front], [each.row.value.value for each in front]
    axis.plot(*curve, color="#bbbbbb", linewidth=2.5, zorder=1.5)
    for each in group:
        value = each.row.value
        point(axis, each.row.method, 100 * each.bytes, value.value, value.low, value.high, markersize=5, zorder=3)
    axis.margins(y=0.18)
    vanilla = [each.row.value.value for each in group if each.row.method == "vanilla"]
    if vanilla and target is not None:
        # As good as vanilla, by the slack that the convergence table allows; a panel never shows less than that.
        ends = sorted((vanilla[0], target))
        axis.axhspan(ends[0], ends[1], color="#eeeeee", linewidth=0, zorder=0)
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
    groups = competitors(convergence_rows(read_evidence(folder)))
    if not groups:
        raise UserError(f"results: {folder} holds no valid runs of two methods to compare; train them first")
    return save(pareto_figure(groups), folder / "figures" / "pareto")
