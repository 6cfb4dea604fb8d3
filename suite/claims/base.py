"""What all tests of claims share."""

from abc import ABC, abstractmethod
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from suite.claims.bench import Bench
from suite.claims.finding import Finding, nothing
from suite.claims.ledger import Claim, Place
from suite.claims.quantities import QUANTITIES, Measured
from suite.config.conf import choices


def _method(name: str) -> str:
    if name not in choices("method"):
        raise ValueError(f"unknown method {name!r}; allowed: {', '.join(choices('method'))}")
    return name


def _quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"unknown quantity {name!r}; allowed: {', '.join(sorted(QUANTITIES))}")
    return name


Method = Annotated[str, AfterValidator(_method)]
Quantity = Annotated[str, AfterValidator(_quantity)]


class ClaimTest(BaseModel, ABC):
    """Parameters of a test; ``because`` says why its tolerance is what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    because: str = Field("", description="the reason of the tolerance, written down before any verdict was computed")
    stand_ins: bool = Field(True, description="whether a smaller model on other data can speak to the claim")

    @abstractmethod
    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        """Judge a claim.

        Args:
            claim: what the paper says.
            place: where to look; None for a claim without a place.
            bench: the scale's records.

        Raises:
            Settled: there is nothing to test.
        """


class Measuring(ClaimTest):
    """A test of one quantity of a place."""

    quantity: Quantity
    method: Method = "lsh"
    reference: Method = "vanilla"

    def measure(self, place: Place | None, bench: Bench) -> Measured:
        """The quantity."""
        if place is None:
            raise nothing()
        return QUANTITIES[self.quantity](bench, place, self.method, self.reference)
