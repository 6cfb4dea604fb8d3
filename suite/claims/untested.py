"""Statements that nothing here tests; the ledger says so."""

from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, Finding
from suite.claims.ledger import Claim, Place


class Untested(ClaimTest):
    """Inconclusive, always, for the ``reason`` given."""

    reason: str

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        return Finding(INCONCLUSIVE, self.reason)
