"""Two methods against each other by held-out quality, seeds paired."""

from typing import ClassVar, Literal

from suite.analysis.statistics import DIFFERENT, EQUIVALENT, Comparison, compare_paired
from suite.claims.base import ClaimTest, Method
from suite.claims.bench import Bench
from suite.claims.cell import Cell, cell
from suite.claims.finding import (
    INCONCLUSIVE,
    INSENSITIVE,
    MEASURED,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDERPOWERED,
    Finding,
    Power,
    nothing,
)
from suite.claims.ledger import Claim, Place


class Quality(ClaimTest):
    """``same``: equivalent by two one-sided t tests. ``better``: the interval of the difference lies above 0.

    ``same`` needs the seeds that its margin and its deviation ask for (else *underpowered*) and, in the same cell, a
    control at the same bytes that comes out worse (else *insensitive*). Differences are in points of a share, in
    logarithms of a perplexity; larger is better. Margins are those of ``suite/conf/evidence.yaml``.
    """

    KIND: ClassVar[str] = MEASURED

    relation: Literal["same", "better"]
    method: Method = "lsh"
    reference: Method = "vanilla"

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            raise nothing()
        found = cell(bench, place, self.method, self.reference)
        differences = found.differences()
        power = found.power(differences)
        comparison = compare_paired(differences, found.margin)
        if self.relation == "same":
            verdict, reason, control = _same(found, comparison, power)
        else:
            (verdict, reason), control = _better(found, comparison), ""
        value, low, high = _difference(comparison, differences[0])
        tolerance = found.unit * found.margin if self.relation == "same" else None
        return Finding(
            verdict,
            reason,
            found.unit * value,
            None if low is None else found.unit * low,
            None if high is None else found.unit * high,
            tolerance,
            found.evidence,
            power=power if self.relation == "same" else None,
            control=control,
        )


def _difference(comparison: Comparison | None, alone: float) -> tuple[float, float | None, float | None]:
    if comparison is None:
        return alone, None, None
    return comparison.difference.value, comparison.difference.low, comparison.difference.high


def _same(found: Cell, comparison: Comparison | None, power: Power) -> tuple[str, str, str]:
    """Verdict, reason and how the controls did. Too few seeds decide nothing, whatever they show."""
    sensitive, control = found.sensitive()
    if comparison is None:
        return UNDERPOWERED, "one seed: nothing can be said of a difference", control
    if power.needed is None or power.seeds < power.needed:
        reason = f"{power.needed} seeds are needed at this deviation, {power.seeds} were run"
        return UNDERPOWERED, reason, control
    verdict = comparison.verdict()
    reason = f"{verdict} over {power.seeds} seeds, TOST p = {comparison.p_equivalent:.2g}"
    if verdict == DIFFERENT:
        return NOT_SUPPORTED, reason, control
    if verdict != EQUIVALENT:
        return INCONCLUSIVE, reason, control
    if not sensitive:
        return INSENSITIVE, f"{reason}; but no control at the same bytes is told apart from {found.reference}", control
    return SUPPORTED, reason, control


def _better(found: Cell, comparison: Comparison | None) -> tuple[str, str]:
    """Verdict and reason; a method that sends more has no right to be called better."""
    if comparison is None:
        return INCONCLUSIVE, "one seed: nothing can be said of a difference"
    if not found.equal_bytes():
        return INCONCLUSIVE, f"{found.method} and {found.reference} do not send the same bytes"
    low, high = comparison.difference.low, comparison.difference.high
    assert low is not None and high is not None
    verdict = SUPPORTED if low > 0 else NOT_SUPPORTED if high < 0 else INCONCLUSIVE
    return verdict, f"over {len(found.differences())} seeds, p = {comparison.p_different:.2g}"
