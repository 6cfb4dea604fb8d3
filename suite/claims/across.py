"""A bound that should hold of every one of several models, or of one of them."""

import math
from typing import ClassVar, Literal

from pydantic import Field

from suite.claims.base import ClaimTest, Method, Quantity
from suite.claims.bench import Bench
from suite.claims.finding import (
    INCONCLUSIVE,
    INSENSITIVE,
    MEASURED,
    NOT_MEASURED,
    NOT_SUPPORTED,
    SUPPORTED,
    Finding,
    Settled,
    compare,
    nothing,
)
from suite.claims.ledger import Claim, Place
from suite.claims.quantities import QUANTITIES


class Across(ClaimTest):
    """Whether a quantity is ``bound`` at least at ``every`` place, or at ``some`` place.

    One model below the bound refutes *every*; all of them below it refute *some*. A model without a record leaves
    *every* open.
    """

    KIND: ClassVar[str] = MEASURED

    places: list[str] = Field(min_length=2, description="names of places")
    of: Literal["every", "some"]
    quantity: Quantity = "time_to_target"
    bound: float
    method: Method = "lsh"
    reference: Method = "vanilla"

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        places = [bench.place(name) for name in self.places]
        found = [self._at(one, bench) for one in places]
        verdicts = [one.verdict for one in found]
        reason = "; ".join(f"{name}: {one.reason}" for name, one in zip(self.places, found, strict=True))
        known = [one.measured for one in found if isinstance(one.measured, float)]
        extreme = (min if self.of == "every" else max)(known) if known else None
        evidence = sorted({path for one in found for path in one.evidence})
        return Finding(self._verdict(verdicts), reason, extreme, evidence=evidence)

    def _at(self, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            return nothing("this scale cannot speak to it").finding
        try:
            measured = QUANTITIES[self.quantity](bench, place, self.method, self.reference)
        except Settled as settled:
            return settled.finding
        number = measured.estimate
        verdict, _ = compare(number.value, number.low, number.high, self.bound, math.inf)
        if verdict == SUPPORTED and measured.sensitive is False:
            verdict = INSENSITIVE
        reason = f"{number.value:.3g} {measured.note}: {verdict}"
        return Finding(verdict, reason, number.value, evidence=measured.evidence)

    def _verdict(self, verdicts: list[str]) -> str:
        decided, all_of = (NOT_SUPPORTED, SUPPORTED) if self.of == "every" else (SUPPORTED, NOT_SUPPORTED)
        if decided in verdicts:
            return decided
        if set(verdicts) == {all_of}:
            return all_of
        if set(verdicts) == {NOT_MEASURED}:
            return NOT_MEASURED
        return INSENSITIVE if set(verdicts) <= {SUPPORTED, INSENSITIVE} else INCONCLUSIVE
