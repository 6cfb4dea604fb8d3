"""Why tokens are alike: rates of the same number of rows with a supposed cause and without it."""

from typing import ClassVar, Literal

import pandas as pd

from suite.analysis.rows import INVALID
from suite.analysis.statistics import over_seeds
from suite.claims.base import ClaimTest
from suite.claims.bench import Bench
from suite.claims.finding import INCONCLUSIVE, MEASURED, NOT_SUPPORTED, SUPPORTED, Finding, nothing
from suite.claims.ledger import Claim, Place
from suite.records.probes import read_probes


class Cause(ClaimTest):
    """Rate without ``cause`` less the rate with it, over texts; hash seeds of a text are averaged first.

    Supported if Student's interval lies above 0, not supported if below.
    """

    KIND: ClassVar[str] = MEASURED

    cause: Literal["repeated tokens", "attention"]

    def judge(self, claim: Claim, place: Place | None, bench: Bench) -> Finding:
        if place is None:
            raise nothing()
        probes, faults = read_probes(bench.folder)
        here = (place.model, place.task)
        for fault in faults:
            if (fault.model, fault.task) == here:
                return Finding(INVALID, fault.reason, evidence=bench.paths(fault))
        rates = [
            (rate.text, rate.rate_without - rate.rate_with)
            for probe in probes
            if (probe.model, probe.task) == here
            for rate in probe.record.causes
            if rate.cause == self.cause
        ]
        if not rates:
            raise nothing("not measured yet: no probe holds rates with and without this cause")
        saved = pd.DataFrame(rates, columns=["text", "saved"]).groupby("text")["saved"].mean()
        found, evidence = over_seeds(saved.tolist()), [f"probe/{place.model}/{place.task}.json"]
        reason = f"over {len(saved)} texts and {len(rates) // len(saved)} hash seeds"
        if found.low is None or found.high is None:
            return Finding(INCONCLUSIVE, f"{reason}: not replicated", found.value, evidence=evidence)
        verdict = SUPPORTED if found.low > 0 else NOT_SUPPORTED if found.high < 0 else INCONCLUSIVE
        return Finding(verdict, reason, found.value, found.low, found.high, evidence=evidence)
