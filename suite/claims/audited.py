"""Statements of the paper that its own numbers decide."""

from collections.abc import Sequence
from typing import ClassVar

from suite.analysis.audit.judgement import CONSISTENT as FITS
from suite.analysis.audit.judgement import INCONSISTENT as CONTRADICTED
from suite.analysis.audit.row import AuditRow
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import (
    ARITHMETIC,
    BY_MODEL,
    CONSISTENT,
    INCONCLUSIVE,
    INCONSISTENT,
    NOT_BY_MODEL,
    Finding,
    nothing,
)
from suite.claims.ledger import Claim, Place

TABLE = "tables/audit.csv"


class Audited(ClaimTest):
    """Consistent if some reading of a statement fits the paper's other numbers, inconsistent if none does.

    ``model`` narrows a statement that is made of several, ``reading`` to one reading. ``by_model`` marks a statement
    that needs a number the paper does not print: it is supported, or not, by the cost model that assumes one.
    """

    KIND: ClassVar[str] = ARITHMETIC

    statement: str
    model: str | None = None
    reading: str | None = None
    by_model: bool = False

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        rows = [
            row
            for row in bench.audit
            if row.statement == self.statement
            and self.model in (None, row.model)
            and self.reading in (None, row.reading)
        ]
        if not rows:
            raise nothing(f"the audit has no statement {self.statement}")
        return audited(rows, self.by_model)


def audited(rows: Sequence[AuditRow], by_model: bool = False) -> Finding:
    """The verdict of a statement's readings; the first one that fits best is given."""
    fits, contradicted = (BY_MODEL, NOT_BY_MODEL) if by_model else (CONSISTENT, INCONSISTENT)
    by_verdict = {FITS: fits, CONTRADICTED: contradicted}
    order = (fits, INCONCLUSIVE, contradicted)
    ranked = sorted(rows, key=lambda row: order.index(by_verdict.get(row.verdict, INCONCLUSIVE)))
    best = ranked[0]
    verdict = by_verdict.get(best.verdict, INCONCLUSIVE)
    reasons = (f"{row.reading}: {row.verdict}, {row.reason}" for row in ranked)
    reason = "; ".join(dict.fromkeys(reasons))  # models that differ in nothing say the same
    return Finding(verdict, reason, best.possible, evidence=[TABLE])
