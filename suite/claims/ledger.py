"""``suite/conf/claims.yaml`` as data, validated."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from suite.config.conf import CONF, choices
from suite.config.validation import parse_options

CLAIMS = CONF / "claims.yaml"

Machine = Literal["one GPU", "one server", "the paper's cluster"]
Unit = Literal["×", "%", "points", "log", "perplexity", "samples/s", "million parameters", "hosts", "tau", ""]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    """Where a claim is looked at: records of one model on one task, step times on one link.

    A place that stands for the paper's own sizes or data says what these would need: hardware, or what nobody has.
    """

    model: str
    task: str
    link: str | None = Field(None, description="a cluster of speedup.csv; null is the model's own")
    stands_for: str | None = Field(None, description="what of the paper is replaced here, if anything is")
    hardware: Machine | None = Field(None, description="what the paper's own sizes need")
    unreachable: str | None = Field(None, description="why nobody but the authors can look at the paper's own")

    @model_validator(mode="after")
    def _a_stand_in_says_what_it_lacks(self) -> "Place":
        if bool(self.stands_for) != bool(self.hardware or self.unreachable):
            raise ValueError("a place with `stands_for` needs `hardware` or `unreachable`, and no other place has them")
        return self


class Hardware(_Strict):
    """A scale cannot speak to a claim: it needs larger machines."""

    hardware: Machine
    because: str


class Unreachable(_Strict):
    """Nobody but the authors can look at a claim."""

    unreachable: str


class Given(_Strict):
    """What a claim is about is set at this scale."""

    given: str


Absent = Hardware | Unreachable | Given


class Claim(_Strict):
    """One number or one statement of the paper.

    ``by`` names an entry of ``tests``, ``given`` adds to its parameters; ``at`` names an entry of ``places``; ``audit``
    a statement of ``suite.analysis.audit`` that its number must agree with.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    section: str
    statement: str
    paper_value: float | str | None = None
    unit: Unit = ""
    by: str
    given: dict[str, Any] = {}
    at: str | None = None
    audit: str | None = None


class Ledger(_Strict):
    """All claims with the places and tests that they name."""

    needs: list[str] = Field([], description="words that several places share")
    places: dict[str, dict[str, Place | Absent]]
    tests: dict[str, dict[str, Any]]
    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_exist(self) -> "Ledger":
        scales = choices("scale")
        for name, place in self.places.items():
            if sorted(place) != scales:
                raise ValueError(f"places.{name}: needs one entry per scale: {', '.join(scales)}")
        seen = set()
        for claim in self.claims:
            for field, given, known in (("by", claim.by, self.tests.keys()), ("at", claim.at, self.places.keys())):
                if given is not None and given not in known:
                    raise ValueError(f"{claim.id}.{field}: unknown {given!r}; allowed: {', '.join(sorted(known))}")
            if claim.id in seen:
                raise ValueError(f"{claim.id}.id: is there twice; give each claim its own")
            seen.add(claim.id)
        return self


@cache
def ledger(path: Path = CLAIMS) -> Ledger:
    """Read and validate the ledger.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("claims", Ledger, yaml.safe_load(path.read_text()))
