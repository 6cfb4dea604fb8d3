"""A share of all-to-all that should stay as servers or experts double."""

import math
from typing import ClassVar

from pydantic import PositiveFloat

from suite.analysis.rows import INVALID
from suite.analysis.shares import SharesRow, read_shares
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import COST, Finding, compare, nothing
from suite.claims.ledger import Claim, Place


class Steady(ClaimTest):
    """Supported if a variant's share is within ``tolerance``, absolute, of the base's; both intervals count."""

    KIND: ClassVar[str] = COST

    variant: str
    tolerance: PositiveFloat

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            raise nothing()
        evidence = [str(path.relative_to(bench.folder)) for path in bench.folder.glob(f"shares/*/{place.model}.json")]
        rows, faults = read_shares(bench.folder)
        if at_fault := [fault for fault in faults if fault.model == place.model]:
            return Finding(INVALID, at_fault[0].reason, evidence=evidence)
        by_variant = {row.variant: row for row in rows if row.model == place.model}
        if not {"base", self.variant} <= by_variant.keys():
            raise nothing()
        base, grown = by_variant["base"], by_variant[self.variant]
        half = math.hypot(_half(base), _half(grown))
        share, from_base = grown.share.value, base.share.value
        low, high = share - half, share + half
        verdict, reason = compare(share, low, high, from_base - self.tolerance, from_base + self.tolerance)
        reason = f"{reason}; the base's share is {from_base:.1%}, eq. 6 expects {grown.expected_share:.1%}"
        return Finding(verdict, reason, share, low, high, self.tolerance, evidence)


def _half(row: SharesRow) -> float:
    """Half the width of the share's interval."""
    assert row.share.low is not None and row.share.high is not None
    return (row.share.high - row.share.low) / 2
