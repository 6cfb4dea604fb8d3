"""Quality and gradient error against bytes on the wire: which methods are not beaten in both by another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from suite.analysis.convergence import convergence_rows
from suite.analysis.gradient_error import error_rows
from suite.analysis.order import in_order
from suite.analysis.pareto import Competitor, Panel, error_panels, quality_panels
from suite.config.matrix import RATE_OF
from suite.config.reference import PLAIN, SIXTEEN_BIT, wire_label
from suite.errors import UserError
from suite.figures import style
from suite.figures.canvas import save
from suite.figures.panels import bytes_axis, grid, point
from suite.records.evidence import read_evidence
from suite.records.probes import read_probes

CAPTION = (
    "Held-out quality after the last step, and the relative error of dense gradients in probes, against the bytes that "
    "all MoE layers sent, relative to a plain 16-bit wire. A method on the grey line is beaten by no other in both. "
    "Green: methods at equal bytes, within 3 points; compare methods along these alone. Rings: the two exact wires, "
    "float32 and 16-bit. Hollow: controls. Shaded: as good as the reference within the target's slack. Bars: 95 % over "
    "seeds, none with one seed; of errors, least and largest. What has no error stands at the lower edge."
)
FRONT, TOGETHER = "#bbbbbb", "#8fd3bd"


def pareto_figure(panels: Sequence[Panel]) -> Figure:
    """One panel per model, task and measure."""
    figure, axes = grid(len(panels), per_row=2, height=1.9)
    everyone = [each for panel in panels for each in panel.competitors]
    for axis, panel in zip(axes, panels, strict=True):
        if panel.measure == "relative error":
            _errors(axis, panel)
        else:
            _qualities(axis, panel)
        bytes_axis(axis, [100 * each.bytes for each in everyone])
        axis.set_title(f"{panel.model} on {panel.task}", loc="left")
        axis.set_xlabel("bytes on the wire [% of 16 bit]")
    _legend(figure, everyone)
    return figure


def _qualities(axis: Axes, panel: Panel) -> None:
    _points(axis, panel, [each.value.value for each in panel.competitors])
    axis.margins(y=0.18)
    if panel.reference is not None and panel.target is not None:
        # As good as the reference, by the slack of the convergence table; a panel never shows less than that.
        ends = sorted((panel.reference, panel.target))
        axis.axhspan(ends[0], ends[1], color="#eeeeee", linewidth=0, zorder=0)
        room = 0.6 * (ends[1] - ends[0])
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, ends[0] - room), max(high, ends[1] + room))
    axis.set_ylabel(f"{panel.measure} ({'lower' if panel.lower_is_better else 'higher'} is better)")


def _errors(axis: Axes, panel: Panel) -> None:
    """Errors in percent on a logarithmic axis, whose lower edge stands for none."""
    inexact = [each.value.low or each.value.value for each in panel.competitors if each.value.value > 0]
    edge = min(inexact, default=0.01) / 2
    _points(axis, panel, [each.value.value or edge for each in panel.competitors])
    axis.set_yscale("log")
    axis.set_ylim(bottom=0.8 * edge)
    axis.set_ylabel("gradient error (lower is better)")


def _points(axis: Axes, panel: Panel, heights: Sequence[float]) -> None:
    height = {each.method: at for each, at in zip(panel.competitors, heights, strict=True)}
    front = sorted((each for each in panel.competitors if each.on_front), key=lambda each: each.bytes)
    axis.plot(*_curve(front, height), color=FRONT, linewidth=2.5, zorder=1.5)
    for together in panel.at_equal_bytes:
        axis.plot(*_curve(together, height), color=TOGETHER, linewidth=5, solid_capstyle="round", zorder=1.4)
    for each in panel.competitors:
        value, ring = each.value, each.method in (PLAIN, SIXTEEN_BIT)
        x, y = 100 * each.bytes, height[each.method]
        interval = (value.low, value.high) if value.value > 0 else (None, None)
        point(axis, each.method, x, y, *interval, **_look(each.method), zorder=3)
        if ring:
            axis.plot(x, y, marker="o", markersize=9, markerfacecolor="none", markeredgecolor="black", linewidth=0)


def _curve(points: Sequence[Competitor], height: dict[str, float]) -> tuple[list[float], list[float]]:
    return [100 * each.bytes for each in points], [height[each.method] for each in points]


def _look(method: str) -> dict[str, Any]:
    """A mark; hollow for a control."""
    colour = style.look(method).colour
    hollow = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 1.0}
    return {"markersize": 5} | (hollow if method in RATE_OF else {})


def _legend(figure: Figure, competitors: Sequence[Competitor]) -> None:
    """Methods with what they are, then the two lines."""
    labels = {each.method: wire_label(each.method, each.bytes) for each in competitors}
    labels |= {name: f"{name} (control)" for name in labels if name in RATE_OF}
    labels |= {name: f"{name} (16-bit wire)" for name in labels if name == SIXTEEN_BIT}
    handles = [
        Line2D([], [], label=labels[name], **(style.line(name) | {"linestyle": "none"} | _look(name)))
        for name in in_order(labels)
    ]
    handles += [
        Line2D([], [], color=FRONT, linewidth=2.5, label="beaten by none"),
        Line2D([], [], color=TOGETHER, linewidth=5, label="at equal bytes"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=1.6)


def build(folder: Path) -> list[Path]:
    """Write ``figures/pareto.{svg,pdf,png}`` below ``folder`` from its valid runs and probes.

    Raises:
        UserError: ``folder`` holds no two methods of one model and task that trained or were probed.
    """
    panels = quality_panels(convergence_rows(read_evidence(folder))) + error_panels(error_rows(read_probes(folder)[0]))
    if not panels:
        raise UserError(f"results: {folder} holds no valid runs of two methods to compare; train them first")
    return save(pareto_figure(panels), folder / "figures" / "pareto")
