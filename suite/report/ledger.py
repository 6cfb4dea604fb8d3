"""The claims ledger as the page shows it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from suite.claims.answer import answer
from suite.claims.markdown import in_unit, verdict_of, why
from suite.report.links import Hyperlink, Hyperlinks
from suite.report.provenance import read_json

# In the order of the page; a colour each, by the class of the same name.
VERDICTS = {
    "supported": "supported",
    "not supported": "refuted",
    "inconclusive": "open",
    "underpowered": "open",
    "insensitive": "open",
    "consistent within the paper": "supported",
    "inconsistent within the paper": "contradiction",
    "supported by model": "supported",
    "not supported by model": "refuted",
    "by construction": "hardware",
    "not measured": "open",
    "needs hardware": "hardware",
    "unreachable": "hardware",
    "invalid record": "invalid",
}


@dataclass(frozen=True)
class ShownClaim:
    """One row of the ledger, all text; ``stands_for`` is what of the paper is replaced here, if anything is."""

    anchor: str
    section: str
    statement: str
    stands_for: str
    paper: str
    measured: str
    interval: str
    tolerance: str
    kind: str
    verdict: str
    shown_verdict: str
    reason: str
    control: str
    colour: str
    evidence: list[Hyperlink]


@dataclass(frozen=True)
class ShownLedger:
    """All claims; ``counts`` holds (verdict, colour, number) of those that occur, ``missing`` why there are none.

    ``answer`` is what they come to, as Markdown; empty where there are none.
    """

    answer: str
    claims: list[ShownClaim]
    counts: list[tuple[str, str, int]]
    sections: list[str]
    missing: str | None


def read_ledger(links: Hyperlinks) -> ShownLedger:
    """``claims.json`` beside the page."""
    values, missing = read_json(links.folder / "claims.json")
    claims = [_claim(value, links) for value in values or []]
    tally = Counter(claim.verdict for claim in claims)
    order = [*VERDICTS, *sorted(tally.keys() - VERDICTS.keys())]
    counts = [(verdict, VERDICTS.get(verdict, "open"), tally[verdict]) for verdict in order if tally[verdict]]
    first = answer(values) if values else ""
    return ShownLedger(first, claims, counts, list(dict.fromkeys(claim.section for claim in claims)), missing)


def _claim(value: dict[str, Any], links: Hyperlinks) -> ShownClaim:
    unit, low, high, tolerance = (value.get(name) for name in ("unit", "low", "high", "tolerance"))
    unit = unit or ""
    return ShownClaim(
        anchor=f"claim-{value['id']}",
        section=value["section"],
        statement=value["statement"],
        stands_for=value.get("stands_for") or "",
        paper=in_unit(value["paper_value"], unit),
        measured=in_unit(value["measured"], unit),
        interval="" if low is None or high is None else f"[{in_unit(low, unit)}, {in_unit(high, unit)}]",
        tolerance=f"± {in_unit(tolerance, unit)}" if isinstance(tolerance, int | float) else in_unit(tolerance, unit),
        kind=value["kind"],
        verdict=value["verdict"],
        shown_verdict=verdict_of(value),
        reason=why(value),
        control=value["control"],
        colour=VERDICTS.get(value["verdict"], "open"),
        evidence=[links.to(path) for path in value["evidence"]],
    )
