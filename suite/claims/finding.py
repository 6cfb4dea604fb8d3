"""What judging a claim comes to."""

from dataclasses import dataclass, field

from suite.analysis.rows import INVALID

SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE = "supported", "not supported", "inconclusive"
INCONSISTENT, NEEDS_HARDWARE = "inconsistent within the paper", "needs hardware"
# In the order of a summary.
VERDICTS = (SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE, INCONSISTENT, NEEDS_HARDWARE, INVALID)

NO_EVIDENCE = "no evidence at this scale"


@dataclass(frozen=True)
class Finding:
    """A verdict and what it rests on.

    Attributes:
        verdict: one of :data:`VERDICTS`.
        reason: one clause.
        measured: in the claim's unit; ``low`` and ``high`` are the ends of its interval where there is one.
        tolerance: what the test allowed, in the claim's unit; None where it allows none.
        evidence: records and tables it was computed from, relative to the scale's folder.
    """

    verdict: str
    reason: str
    measured: float | str | None = None
    low: float | None = None
    high: float | None = None
    tolerance: float | None = None
    evidence: list[str] = field(default_factory=list)


class Settled(Exception):
    """Raised where there is nothing to test: the finding is known already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.reason)
        self.finding = finding


def nothing(reason: str = NO_EVIDENCE) -> Settled:
    """No record speaks to the claim."""
    return Settled(Finding(INCONCLUSIVE, reason))


def compare(value: float, low: float | None, high: float | None, least: float, most: float) -> tuple[str, str]:
    """Verdict and reason of a value that should lie within [least, most]: its whole interval decides."""
    if low is None or high is None:
        place = "inside" if least <= value <= most else "outside"
        return INCONCLUSIVE, f"{place} the tolerance, but not replicated: one seed has no interval"
    if least <= low and high <= most:
        return SUPPORTED, "the interval lies within the tolerance"
    if high < least or low > most:
        return NOT_SUPPORTED, "the interval lies outside the tolerance"
    return INCONCLUSIVE, "the interval reaches across the tolerance"
