"""Every claim of the ledger judged at one scale."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from suite.analysis.audit.judgement import CONSISTENT
from suite.claims.audited import TABLE, Audited, audited
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.bounded import Bounded
from suite.claims.complete import Complete
from suite.claims.counted import Counted
from suite.claims.families import Families
from suite.claims.finding import INCONSISTENT, NEEDS_HARDWARE, Finding, Settled
from suite.claims.ledger import Claim, Hardware, Ledger, Place, ledger
from suite.claims.near import Near
from suite.claims.quality import Quality
from suite.claims.steady import Steady
from suite.claims.trend import Trend
from suite.claims.untested import Untested
from suite.config.validation import parse_options
from suite.errors import unknown

TESTS: dict[str, type[ClaimTest]] = {
    "near": Near,
    "bounded": Bounded,
    "quality": Quality,
    "steady": Steady,
    "trend": Trend,
    "families": Families,
    "audited": Audited,
    "counted": Counted,
    "complete": Complete,
    "untested": Untested,
}


@dataclass(frozen=True)
class Judged:
    """A claim with its finding, and where it was looked at."""

    claim: Claim
    test: ClaimTest
    place: Place | None
    scale: str
    finding: Finding

    def entry(self) -> dict[str, Any]:
        """As ``claims.json`` has it."""
        found = asdict(self.finding)
        return {
            **{name: getattr(self.claim, name) for name in ("id", "section", "statement", "paper_value", "unit")},
            **{name: found[name] for name in ("measured", "low", "high", "tolerance", "verdict")},
            "scale": self.scale,
            "reason": self.finding.reason,
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
    bench = Bench(folder)
    judged = []
    for claim in claims.claims:
        at = claims.places[claim.at][scale] if claim.at else None
        finding = _against_the_paper(claim, bench, _judge(claim, by_id[claim.id], at, bench))
        place = at if isinstance(at, Place) else None
        judged.append(Judged(claim, by_id[claim.id], place, scale, finding))
    return judged


def _judge(claim: Claim, test: ClaimTest, place: Place | Hardware | None, bench: Bench) -> Finding:
    if isinstance(place, Hardware):
        return Finding(NEEDS_HARDWARE, place.hardware)
    if place is not None and place.stands_for and not test.stand_ins:
        return Finding(NEEDS_HARDWARE, "needs the paper's own data and sizes: a stand-in has another level")
    try:
        return test.judge(claim, place, bench)
    except Settled as settled:
        return settled.finding


def _against_the_paper(claim: Claim, bench: Bench, finding: Finding) -> Finding:
    """Add what the paper's own numbers say of a claim; where no reading of them allows it, that is the verdict."""
    if claim.audit is None:
        return finding
    rows = [row for row in bench.audit if row.statement == claim.audit]
    if not rows:
        raise unknown(f"claims.{claim.id}.audit", claim.audit, {row.statement for row in bench.audit})
    verdict = INCONSISTENT if audited(rows).verdict == INCONSISTENT else finding.verdict
    doubts = [f"{row.reading}: {row.reason}" for row in rows if row.verdict != CONSISTENT]
    doubt = f"by the paper's own numbers, {'; '.join(doubts)}" if doubts else ""
    values = asdict(finding) | {
        "verdict": verdict,
        "reason": "; ".join(filter(None, (finding.reason, doubt))),
        "evidence": [*finding.evidence, *([TABLE] if doubt else [])],
    }
    return Finding(**values)
