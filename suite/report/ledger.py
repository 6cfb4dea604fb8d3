"""The claims ledger as the page shows it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from suite.report.links import Link, Links
from suite.report.provenance import read_json

# In the order of the page; a colour each, by the class of the same name.
VERDICTS = {
    "supported": "supported",
    "not supported": "refuted",
    "inconclusive": "open",
    "inconsistent within the paper": "contradiction",
    "needs hardware": "hardware",
    "invalid record": "invalid",
}


@dataclass(frozen=True)
class Claim:
    """One row of the ledger, everything as text."""

    anchor: str
    section: str
    statement: str
    paper: str
    measured: str
    interval: str
    tolerance: str
    verdict: str
    look: str
    evidence: list[Link]


@dataclass(frozen=True)
class Ledger:
    """All claims; ``counts`` holds (verdict, look, number) of those that occur; ``missing`` says why there are none."""

    claims: list[Claim]
    counts: list[tuple[str, str, int]]
    sections: list[str]
    missing: str | None


def read_ledger(links: Links) -> Ledger:
    """``claims.json`` beside the page."""
    values, missing = read_json(links.folder / "claims.json")
    claims = [_claim(value, links) for value in values or []]
    tally = Counter(claim.verdict for claim in claims)
    order = [*VERDICTS, *sorted(tally.keys() - VERDICTS.keys())]
    counts = [(verdict, VERDICTS.get(verdict, "open"), tally[verdict]) for verdict in order if tally[verdict]]
    return Ledger(claims, counts, list(dict.fromkeys(claim.section for claim in claims)), missing)


def _claim(value: dict[str, Any], links: Links) -> Claim:
    low, high = value.get("low"), value.get("high")
    return Claim(
        anchor=f"claim-{value['id']}",
        section=_text(value["section"]),
        statement=value["statement"],
        paper=_text(value.get("paper_value")),
        measured=_text(value.get("measured")),
        interval="" if low is None or high is None else f"[{_text(low)}, {_text(high)}]",
        tolerance=_text(value.get("tolerance")),
        verdict=value["verdict"],
        look=VERDICTS.get(value["verdict"], "open"),
        evidence=[links.to(path) for path in value.get("evidence") or []],
    )


def _text(value: object) -> str:
    """Four digits of a number, – for nothing, lists in a row."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return str(value)
