"""Every claim of the ledger judged at one scale."""

from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from suite.analysis.audit.judgement import CONSISTENT
from suite.analysis.rows import INVALID
from suite.claims.across import Across
from suite.claims.audited import TABLE, Audited, audited
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.bounded import Bounded
from suite.claims.causes import Cause
from suite.claims.chosen import ChosenRate, Constructed
from suite.claims.complete import Complete
from suite.claims.counted import Counted
from suite.claims.families import Families
from suite.claims.finding import (
    ARITHMETIC,
    CONSTRUCTION,
    HARDWARE,
    HOLDS_HERE,
    INCONSISTENT,
    NEEDS_HARDWARE,
    UNREACHABLE,
    Finding,
    Settled,
)
from suite.claims.ledger import Absent, Claim, Given, Hardware, Ledger, Place, ledger
from suite.claims.near import Near
from suite.claims.plug_ins import PlugIns
from suite.claims.quality import Quality
from suite.claims.registered import registered
from suite.claims.steady import Steady
from suite.claims.trend import Trend
from suite.config.validation import parse_options
from suite.errors import unknown

TESTS: dict[str, type[ClaimTest]] = {
    "near": Near,
    "bounded": Bounded,
    "across": Across,
    "quality": Quality,
    "steady": Steady,
    "trend": Trend,
    "families": Families,
    "cause": Cause,
    "audited": Audited,
    "counted": Counted,
    "complete": Complete,
    "plug_ins": PlugIns,
    "chosen_rate": ChosenRate,
    "constructed": Constructed,
}


@dataclass(frozen=True)
class Judged:
    """A claim with its finding, and where it was looked at.

    Attributes:
        kind: what the verdict rests on, one of ``suite.claims.finding.KINDS``.
        registered: the commit that fixed margin and seeds before the cell's runs, or why there is none; None for a
            claim that none is asked for.
    """

    claim: Claim
    test: ClaimTest
    place: Place | None
    scale: str
    kind: str
    finding: Finding
    registered: str | None

    def entry(self) -> dict[str, Any]:
        """As ``claims.json`` has it."""
        found = asdict(self.finding)
        return {
            **{name: getattr(self.claim, name) for name in ("id", "section", "statement", "paper_value", "unit")},
            "kind": self.kind,
            **{name: found[name] for name in ("measured", "low", "high", "tolerance", "verdict")},
            "scale": self.scale,
            **{name: found[name] for name in ("reason", "conditions", "power", "control")},
            "registered": self.registered,
            "tolerance_reason": self.test.because,
            "stands_for": self.place.stands_for if self.place else None,
            "evidence": self.finding.evidence,
        }


@cache
def chosen_tests(book: Path | None = None) -> dict[str, ClaimTest]:
    """The test of every claim by the claim's id, its parameters validated.

    Raises:
        UserError: naming the field at fault.
    """
    claims = ledger() if book is None else ledger(book)
    return {claim.id: _test(claims, claim) for claim in claims.claims}


def _test(claims: Ledger, claim: Claim) -> ClaimTest:
    values = claims.tests[claim.by] | claim.given
    kind = values.pop("test", None)
    if kind not in TESTS:
        raise unknown(f"claims.tests.{claim.by}.test", kind, TESTS)
    return parse_options(f"claims.{claim.id} (tests.{claim.by})", TESTS[kind], values)


def judge_all(folder: Path, scale: str, book: Path | None = None) -> list[Judged]:
    """Judge every claim.

    Args:
        folder: ``results/<scale>``.
        scale: its name.
        book: another ledger than this project's.

    Raises:
        UserError: the ledger is at fault.
    """
    claims, by_id = ledger() if book is None else ledger(book), chosen_tests(book)
    bench = Bench(folder, scale, {name: places[scale] for name, places in claims.places.items()})
    at = {claim.id: claims.places[claim.at][scale] if claim.at else None for claim in claims.claims}
    return [_judged(claim, by_id[claim.id], at[claim.id], bench) for claim in claims.claims]


def _judged(claim: Claim, test: ClaimTest, at: Place | Absent | None, bench: Bench) -> Judged:
    kind, finding = _against_the_paper(claim, bench, *_judge(claim, test, at, bench))
    place = at if isinstance(at, Place) else None
    cited = None
    if isinstance(test, Quality) and test.relation == "same" and place and finding.verdict != INVALID:
        cited = registered(bench, place, (test.method, test.reference))
    return Judged(claim, test, place, bench.scale, kind, finding, cited)


def _judge(claim: Claim, test: ClaimTest, at: Place | Absent | None, bench: Bench) -> tuple[str, Finding]:
    """Kind and finding, before what the paper's own numbers say."""
    if test.unreachable:
        return UNREACHABLE, Finding(UNREACHABLE, test.unreachable)
    if at is not None and not isinstance(at, Place):
        return _absent(at)
    if at is not None and at.stands_for and not test.stand_ins:
        if at.hardware:
            return HARDWARE, Finding(NEEDS_HARDWARE, f"{at.hardware}: the paper's own data and sizes")
        return UNREACHABLE, Finding(UNREACHABLE, str(at.unreachable))
    try:
        return test.kind, test.judge(claim, at, bench)
    except Settled as settled:
        return test.kind, settled.finding


def _absent(at: Absent) -> tuple[str, Finding]:
    if isinstance(at, Hardware):
        return HARDWARE, Finding(NEEDS_HARDWARE, f"{at.hardware}: {at.because}")
    if isinstance(at, Given):
        return CONSTRUCTION, Finding(HOLDS_HERE, at.given)
    return UNREACHABLE, Finding(UNREACHABLE, at.unreachable)


def _against_the_paper(claim: Claim, bench: Bench, kind: str, finding: Finding) -> tuple[str, Finding]:
    """Add what the paper's own numbers say of a claim; where no reading of them allows it, that is the verdict."""
    if claim.audit is None:
        return kind, finding
    rows = [row for row in bench.audit if row.statement == claim.audit]
    if not rows:
        raise unknown(f"claims.{claim.id}.audit", claim.audit, {row.statement for row in bench.audit})
    doubts = [f"{row.reading}: {row.reason}" for row in rows if row.verdict != CONSISTENT]
    if not doubts:
        return kind, finding
    reason = "; ".join(filter(None, (finding.reason, f"by the paper's own numbers, {'; '.join(doubts)}")))
    finding = replace(finding, reason=reason, evidence=[*finding.evidence, TABLE])
    if audited(rows).verdict != INCONSISTENT:
        return kind, finding
    return ARITHMETIC, replace(finding, verdict=INCONSISTENT)
