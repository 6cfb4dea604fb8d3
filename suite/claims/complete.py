"""Runs that have to exist: one method at work inside several hosts."""

from typing import ClassVar

from pydantic import Field

from suite.analysis.rows import INVALID
from suite.claims.base import ClaimTest, Method
from suite.claims.bench import Bench
from suite.claims.finding import CONSTRUCTION, HOLDS_HERE, INCONCLUSIVE, Finding, nothing
from suite.claims.ledger import Claim, Place


class Complete(ClaimTest):
    """Holds by construction if every one of ``models`` was trained to its end with ``method`` on some task."""

    KIND: ClassVar[str] = CONSTRUCTION

    models: list[str] = Field(min_length=1)
    method: Method = "lsh"

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        runs = {
            model: [r for r in bench.evidence.runs if (r.model, r.method) == (model, self.method)]
            for model in self.models
        }
        found = [model for model in self.models if any(run.summary.steps for run in runs[model])]
        evidence = bench.paths(*(run for model in found for run in runs[model] if run.summary.steps))
        missing = [model for model in self.models if model not in found]
        faults = [r for r in bench.evidence.invalid_runs if r.model in missing and r.method == self.method]
        if faults:
            reason = "; ".join(sorted({record.reason for record in faults}))
            return Finding(INVALID, reason, evidence=bench.paths(*faults))
        if not found:
            raise nothing()
        verdict = INCONCLUSIVE if missing else HOLDS_HERE
        reason = f"trained: {', '.join(found)}" + (f"; not: {', '.join(missing)}" if missing else "")
        return Finding(verdict, reason, float(len(found)), evidence=evidence)
