"""A number that should come out as the paper has it."""

from typing import Literal

from pydantic import PositiveFloat

from suite.claims.base import Measuring
from suite.claims.bench import Bench
from suite.claims.finding import Finding, compare
from suite.claims.ledger import Claim, Place


class Near(Measuring):
    """Supported if the interval lies within ``tolerance`` of the paper's value, not supported if it lies outside."""

    tolerance: PositiveFloat
    kind: Literal["relative", "absolute"] = "relative"

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        assert isinstance(claim.paper_value, float | int)
        allowed = self.tolerance * (abs(claim.paper_value) if self.kind == "relative" else 1)
        measured = self.measure(place, bench)
        found = measured.estimate
        least, most = claim.paper_value - allowed, claim.paper_value + allowed
        verdict, reason = compare(found.value, found.low, found.high, least, most)
        reason = "; ".join(filter(None, (reason, measured.note)))
        return Finding(verdict, reason, found.value, found.low, found.high, allowed, measured.evidence)
