"""Can a cell tell a bad method from a good one? Only then does "no difference" say something."""

from collections.abc import Sequence
from dataclasses import dataclass

from suite.analysis.quality import quality_differences
from suite.analysis.statistics import CONFIDENCE, EQUIVALENT, Comparison, compare_paired
from suite.records.evidence import Run


@dataclass(frozen=True)
class Control:
    """A method that must come out worse than the reference, beside it.

    Attributes:
        method: its name.
        seeds: paired ones.
        comparison: its quality less the reference's; None for fewer than two seeds.
        relative_bytes: mean over seeds, of a 16-bit wire; None where nothing was sent.
    """

    method: str
    seeds: int
    comparison: Comparison | None
    relative_bytes: float | None

    def told_apart(self) -> bool:
        """Whether it is worse at 5 % and not the same within the margin."""
        found = self.comparison
        return (
            found is not None
            and found.difference.value < 0
            and found.p_different <= 1 - CONFIDENCE
            and found.verdict() != EQUIVALENT
        )

    def sends_as_much_as(self, relative_bytes: float | None, tolerance: float) -> bool:
        """Whether its bytes are those of another method."""
        if relative_bytes is None or self.relative_bytes is None:
            return False
        return abs(self.relative_bytes - relative_bytes) <= tolerance * relative_bytes


def control(method: str, runs: Sequence[Run], reference: Sequence[Run], margin: float) -> Control:
    """Hold a control's runs against the reference's of the same seeds."""
    differences = quality_differences(runs, reference)
    return Control(method, len(differences), compare_paired(differences, margin), bytes_of(runs))


def bytes_of(runs: Sequence[Run]) -> float | None:
    """Mean over seeds of the bytes sent over those of a 16-bit wire; None where a run sent nothing."""
    sent = [run.summary.relative_bytes for run in runs]
    known = [value for value in sent if value is not None]
    return sum(known) / len(known) if known and len(known) == len(sent) else None
