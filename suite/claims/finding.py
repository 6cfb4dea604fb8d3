"""What judging a claim comes to."""

from dataclasses import dataclass, field

from suite.analysis.rows import INVALID

# What a verdict rests on, in the order of a summary.
MEASURED = "measured"  # a measurement that a method other than the paper's would fail
COST = "measured cost"  # seconds of a step: every method that sends as few rows has them
ARITHMETIC = "arithmetic"  # the paper's numbers against themselves
CONSTRUCTION = "by construction"  # what is set here, or what cannot fail
HARDWARE = "needs hardware"
UNREACHABLE = "unreachable"  # a private corpus, the authors' own machines
KINDS = (MEASURED, COST, ARITHMETIC, CONSTRUCTION, HARDWARE, UNREACHABLE)

SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE = "supported", "not supported", "inconclusive"
UNDERPOWERED, INSENSITIVE, NOT_MEASURED = "underpowered", "insensitive", "not measured"
CONSISTENT, INCONSISTENT = "consistent within the paper", "inconsistent within the paper"
BY_MODEL, NOT_BY_MODEL = "supported by model", "not supported by model"
HOLDS_HERE = "by construction"
NEEDS_HARDWARE = "needs hardware"
# In the order of a summary.
VERDICTS = (
    *(SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE, UNDERPOWERED, INSENSITIVE),
    *(CONSISTENT, INCONSISTENT, BY_MODEL, NOT_BY_MODEL, HOLDS_HERE),
    *(NOT_MEASURED, NEEDS_HARDWARE, UNREACHABLE, INVALID),
)

NO_EVIDENCE = "no record at this scale"


@dataclass(frozen=True)
class Power:
    """How well a comparison can find two methods to be the same.

    Attributes:
        seeds: paired ones that were run.
        needed: for the registered power, and no fewer than were registered; None where one seed tells no deviation.
        deviation: standard deviation of the paired differences, in the claim's unit.
    """

    seeds: int
    needed: int | None
    deviation: float | None


@dataclass(frozen=True)
class Finding:
    """A verdict and what it rests on.

    Attributes:
        verdict: one of :data:`VERDICTS`.
        reason: one clause.
        measured: in the claim's unit; ``low`` and ``high`` are the ends of its interval where there is one.
        tolerance: what the test allowed, in the claim's unit; None where it allows none.
        evidence: records and tables it was computed from, relative to the scale's folder.
        conditions: under which a number was measured; empty where it depends on none.
        power: of a comparison by quality.
        control: how methods that must come out worse did in the same cell; empty where none is asked for.
    """

    verdict: str
    reason: str
    measured: float | str | None = None
    low: float | None = None
    high: float | None = None
    tolerance: float | None = None
    evidence: list[str] = field(default_factory=list)
    conditions: str = ""
    power: Power | None = None
    control: str = ""


class Settled(Exception):
    """Raised where there is nothing to test: the finding is known already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.reason)
        self.finding = finding


def nothing(reason: str = NO_EVIDENCE) -> Settled:
    """No record speaks to the claim."""
    return Settled(Finding(NOT_MEASURED, reason))


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
