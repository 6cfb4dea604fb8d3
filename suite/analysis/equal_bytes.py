"""Whether a row compares methods at equal bytes, and why not; computed from what was really sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from suite.config.method import MethodConfig
from suite.config.reference import wire_label

# How far bytes may differ and still be equal: a fraction of those of the same routed rows on a 16-bit wire.
TOLERANCE = 0.03
# The method under test: what has no target of its own is held against its bytes.
TESTED = "lsh"

MEANING = (
    "relative bytes within 3 points of the method's target, or else of `lsh`'s in the same comparison: `yes` with the "
    "level, `no` with both numbers; `fixed`: all rows travel, so the wire alone decides; `own rate`: neither a target "
    "nor another method to follow"
)


@dataclass(frozen=True)
class Sent:
    """What a method sent: rows over rows routed, and bytes over those of all routed rows on a 16-bit wire."""

    method: MethodConfig
    rate: float
    relative_bytes: float

    @property
    def target(self) -> float | None:
        """The relative bytes that its configuration asks for; a rate is taken at what its sent rows took."""
        if self.method.target_rate is not None:
            return self.method.target_rate * self.relative_bytes / self.rate
        return self.method.target_bytes


@dataclass(frozen=True)
class EqualBytes:
    """A row's answer; ``str`` of it is the cell.

    Attributes:
        verdict: see :data:`MEANING`.
        method: the row's.
        sent: its relative bytes.
        level: what they were to be; None where nothing says so.
    """

    verdict: Literal["yes", "no", "fixed", "own rate"]
    method: str
    sent: float
    level: float | None = None

    def __str__(self) -> str:
        if self.level is not None:
            level = _percent(self.level)
            return f"yes: {level}" if self.verdict == "yes" else f"no: {_percent(self.sent)} against {level}"
        wire = " (float32 wire)" if wire_label(self.method, self.sent) != self.method else ""
        return f"{self.verdict}: {_percent(self.sent)}{wire}"


def equal_bytes(sent: Mapping[str, Sent]) -> dict[str, EqualBytes]:
    """The answer for each method of one comparison.

    Args:
        sent: by method's name, of one model and task under the same conditions.
    """
    return {name: _answer(name, mine, sent.get(TESTED)) for name, mine in sent.items()}


def _answer(name: str, mine: Sent, tested: Sent | None) -> EqualBytes:
    if mine.method.reduction is None:
        return EqualBytes("fixed", name, mine.relative_bytes)
    level = mine.target
    if level is None and tested is not None and name != TESTED:
        level = tested.relative_bytes
    if level is None:
        return EqualBytes("own rate", name, mine.relative_bytes)
    return EqualBytes(
        "yes" if abs(mine.relative_bytes - level) <= TOLERANCE else "no", name, mine.relative_bytes, level
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"
