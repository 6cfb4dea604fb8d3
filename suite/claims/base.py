"""What all tests of claims share."""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from suite.claims.bench import Bench
from suite.claims.finding import COST, INSENSITIVE, MEASURED, SUPPORTED, Finding, nothing
from suite.claims.ledger import Claim, Place
from suite.claims.quantities import COSTS, QUANTITIES, Measured
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
    """Parameters of a test; ``because`` says why its tolerance is what it is.

    Attributes:
        KIND: what its verdicts rest on, one of ``suite.claims.finding.KINDS``.
    """

    KIND: ClassVar[str]

    model_config = ConfigDict(extra="forbid", frozen=True)

    because: str = Field("", description="the reason of the tolerance, written down before any verdict was computed")
    stand_ins: bool = Field(True, description="whether a smaller model on other data can speak to the claim")
    unreachable: str | None = Field(None, description="why nobody but the authors can measure it")

    @property
    def kind(self) -> str:
        """What the verdict rests on."""
        return self.KIND

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

    KIND: ClassVar[str] = MEASURED

    quantity: Quantity
    method: Method = "lsh"
    reference: Method = "vanilla"

    @property
    def kind(self) -> str:
        """Of a step's cost, or of what a method keeps."""
        return COST if self.quantity in COSTS else self.KIND

    def measure(self, place: Place | None, bench: Bench) -> Measured:
        """The quantity."""
        if place is None:
            raise nothing()
        return QUANTITIES[self.quantity](bench, place, self.method, self.reference)

    def found(self, verdict: str, reason: str, measured: Measured, tolerance: float | None = None) -> Finding:
        """The quantity with a verdict; what was reached sooner is *supported* only where a control would not be."""
        number, control = measured.estimate, measured.control
        if verdict == SUPPORTED and measured.sensitive is False:
            verdict, reason = INSENSITIVE, f"{reason}; but no control at the same bytes is told apart"
        return Finding(
            *(verdict, reason, number.value, number.low, number.high, tolerance, measured.evidence),
            conditions=measured.note,
            control=control,
        )
