"""What figures of several panels share: their grid, the legend of methods, reference lines, and axes of bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator, ScalarFormatter

from suite.analysis.order import in_order
from suite.figures import style

BYTES_TICKS = (3.125, 6.25, 12.5, 25, 50, 100, 200)


def grid(count: int, per_row: int, height: float, width: float = style.FULL_WIDTH) -> tuple[Figure, list[Axes]]:
    """A figure with ``count`` panels of ``height`` inches, ``per_row`` in a row; places left over stay empty."""
    style.apply()
    columns = min(per_row, count)
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, 0.55 + height * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[count:]:
        axis.set_axis_off()
    return figure, list(axes.flat[:count])


def method_legend(figure: Figure, methods: Iterable[str], columns: int = 4, lines: bool = True) -> None:
    """A legend of methods below all panels, as lines or as marks alone."""
    look: dict[str, Any] = {} if lines else {"linestyle": "none"}
    handles = [Line2D([], [], label=method, **(style.line(method) | look)) for method in in_order(methods)]
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, handlelength=3.2 if lines else 1.2)


def reference(axis: Axes, value: float, label: str = "", upright: bool = False) -> None:
    """A dotted line at ``value`` of the y axis, of the x axis if ``upright``, behind everything else."""
    look: dict[str, Any] = {"color": "#666666", "linewidth": 0.7, "linestyle": (0, (1, 1.5)), "zorder": 1}
    text: dict[str, Any] = {"fontsize": 6, "color": "#444444"}
    if upright:
        axis.axvline(value, **look)
        across = ("data", "axes fraction")
        axis.annotate(label, (value, 0.02), xycoords=across, rotation=90, ha="right", va="bottom", **text)
    else:
        axis.axhline(value, **look)
        across = ("axes fraction", "data")
        axis.annotate(label, (0.99, value), xycoords=across, ha="right", va="bottom", **text)


def point(
    axis: Axes, method: str, x: float, y: float, low: float | None = None, high: float | None = None, **look: Any
) -> None:
    """A method's mark at (x, y) with a bar from ``low`` to ``high`` where there are both."""
    bar = None if low is None or high is None else [[y - low], [high - y]]
    shown = style.look(method)
    fixed: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.4, "elinewidth": 0.8, "capsize": 1.5}
    look = {"color": shown.colour, "marker": shown.marker, "linestyle": "none"} | fixed | look
    axis.errorbar(x, y, yerr=bar, **look)


def bytes_axis(axis: Axes, values: Sequence[float]) -> None:
    """A logarithmic x axis of percent of a 16-bit wire's bytes, with a line where that wire is."""
    axis.set_xscale("log", base=2)
    axis.set_xlim(min(values) / 1.35, max(*values, 100) * 1.35)
    axis.xaxis.set_major_locator(FixedLocator(BYTES_TICKS))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    reference(axis, 100, "16-bit wire", upright=True)


def perplexity_axis(axis: Axes) -> None:
    """A logarithmic y axis with plain numbers."""
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    wide = high / low > 3
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if wide else (1, 1.2, 1.4, 1.6, 1.8, *range(2, 10))))
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_minor_locator(NullLocator())
