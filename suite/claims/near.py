"""A number that should come out as the paper has it."""

from pydantic import Field, PositiveFloat

from suite.claims.base import Measuring
from suite.claims.bench import Bench
from suite.claims.finding import Finding, compare
from suite.claims.ledger import Claim, Place


class Near(Measuring):
    """Supported if the interval lies within ``tolerance`` of the paper's value, not supported if it lies outside."""

    tolerance: PositiveFloat
    absolute: bool = Field(False, description="whether the tolerance is in the claim's unit, not a part of its value")

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        assert isinstance(claim.paper_value, float | int)
        allowed = self.tolerance * (1 if self.absolute else abs(claim.paper_value))
        measured = self.measure(place, bench)
        found = measured.estimate
        least, most = claim.paper_value - allowed, claim.paper_value + allowed
        verdict, reason = compare(found.value, found.low, found.high, least, most)
        return self.found(verdict, reason, measured, allowed)
