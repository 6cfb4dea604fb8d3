"""What each method gives for its bytes: held-out quality of runs, and errors of gradients of probes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from suite.analysis.convergence import ConvergenceRow
from suite.analysis.equal_bytes import TOLERANCE, EqualBytes
from suite.analysis.estimate import Estimate
from suite.analysis.gradient_error import GradientErrorRow
from suite.analysis.rows import AtFault, sound

# Of a probe's quantities, the one that training feels most: the gradient of all replicated parameters.
ERROR = "dense_gradient"


@dataclass(frozen=True)
class Competitor:
    """A method with its relative bytes and its value, and whether no other is as good in both."""

    method: str
    bytes: float
    value: Estimate
    equal_bytes: EqualBytes
    on_front: bool


@dataclass(frozen=True)
class Panel:
    """Methods that were compared under the same conditions, in the order of tables.

    Attributes:
        measure: what the values are: a metric, or ``relative error``.
        lower_is_better: of the values.
        target: from here on a value counts as the reference's; None where there is none.
        reference: the reference's value; None where it was not measured.
    """

    model: str
    task: str
    measure: str
    lower_is_better: bool
    target: float | None
    reference: float | None
    competitors: list[Competitor]

    @property
    def at_equal_bytes(self) -> list[list[Competitor]]:
        """Groups of two or more whose bytes lie within 3 points of each other, each in order of values."""
        groups: list[list[Competitor]] = []
        for each in sorted(self.competitors, key=lambda each: each.bytes):
            if groups and each.bytes - groups[-1][0].bytes <= TOLERANCE:
                groups[-1].append(each)
            else:
                groups.append([each])
        return [sorted(group, key=lambda each: each.value.value) for group in groups if len(group) > 1]


def quality_panels(rows: Sequence[ConvergenceRow | AtFault]) -> list[Panel]:
    """One panel per model and task, of methods that sent something; one alone has nothing to compare."""
    sending = [row for row in sound(rows) if row.equal_bytes is not None]
    panels = []
    for (model, task), found in groupby(sending, key=lambda row: (row.model, row.task)):
        group = list(found)
        first, lower = group[0], group[0].metric == "perplexity"
        values = [(row.method, row.equal_bytes, row.value) for row in group if row.equal_bytes is not None]
        reference = next((row.value.value for row in group if row.method == row.reference), None)
        panels.append(Panel(model, task, first.metric, lower, first.target, reference, _competitors(values, lower)))
    return [panel for panel in panels if len(panel.competitors) > 1]


def error_panels(rows: Sequence[GradientErrorRow]) -> list[Panel]:
    """One panel per probed model and task, of the errors of :data:`ERROR`."""
    errors = [row for row in rows if row.quantity == ERROR]
    panels = []
    for (model, task), group in groupby(errors, key=lambda row: (row.model, row.task)):
        values = [(row.method, row.equal_bytes, row.relative_error) for row in group]
        panels.append(Panel(model, task, "relative error", True, None, None, _competitors(values, True)))
    return [panel for panel in panels if len(panel.competitors) > 1]


def _competitors(values: Sequence[tuple[str, EqualBytes, Estimate]], lower_is_better: bool) -> list[Competitor]:
    points = [(equal.sent, value.value if lower_is_better else -value.value) for _, equal, value in values]
    return [
        Competitor(method, equal.sent, value, equal, not any(_beats(other, mine) for other in points))
        for (method, equal, value), mine in zip(values, points, strict=True)
    ]


def _beats(other: tuple[float, float], mine: tuple[float, float]) -> bool:
    """As few bytes and as low a value, and not the same point."""
    return other != mine and other[0] <= mine[0] and other[1] <= mine[1]
