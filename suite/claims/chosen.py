"""Numbers and statements that a setting of this project decides."""

from typing import ClassVar

from suite.claims.base import ClaimTest, Method
from suite.claims.bench import Bench
from suite.claims.finding import CONSTRUCTION, HOLDS_HERE, Finding, nothing
from suite.claims.ledger import Claim, Place
from suite.claims.quantities import rate


class ChosenRate(ClaimTest):
    """The rows that a method sends, where ``reason`` says which free parameter was set to give them."""

    KIND: ClassVar[str] = CONSTRUCTION

    method: Method = "lsh"
    reason: str

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            raise nothing()
        found = rate(bench, place, self.method, self.method)
        number = found.estimate
        return Finding(HOLDS_HERE, self.reason, number.value, number.low, number.high, evidence=found.evidence)


class Constructed(ClaimTest):
    """What cannot fail, for the ``reason`` given."""

    KIND: ClassVar[str] = CONSTRUCTION

    reason: str

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        return Finding(HOLDS_HERE, self.reason)
