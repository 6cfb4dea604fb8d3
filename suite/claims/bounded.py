"""A number that should lie on one side of a bound."""

import math
from typing import Literal

from suite.claims.base import Measuring
from suite.claims.bench import Bench
from suite.claims.finding import Finding, compare
from suite.claims.ledger import Claim, Place


class Bounded(Measuring):
    """Supported if the whole interval lies on the bound's ``side``, not supported if none of it does."""

    side: Literal["above", "below"]
    bound: float

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        measured = self.measure(place, bench)
        found = measured.estimate
        least, most = (self.bound, math.inf) if self.side == "above" else (-math.inf, self.bound)
        verdict, reason = compare(found.value, found.low, found.high, least, most)
        return self.found(verdict, f"{self.side} {self.bound:g} is wanted: {reason}", measured)
