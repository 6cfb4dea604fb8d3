"""The ledger as a page."""

from collections import Counter
from collections.abc import Sequence

from suite.claims.finding import VERDICTS
from suite.claims.verdicts import Judged

HEADER = ("claim", "paper", "measured", "tolerance", "verdict", "why", "evidence")
SHOWN = 3


def markdown(judged: Sequence[Judged], scale: str) -> str:
    """Verdicts counted, then a table per section in the order of the ledger."""
    counts = Counter(one.finding.verdict for one in judged)
    sections = list(dict.fromkeys(one.claim.section for one in judged))
    parts = [
        f"# Claims of the paper, scale {scale}",
        f"{len(judged)} claims: {', '.join(f'{counts[name]} {name}' for name in VERDICTS if counts[name])}.",
        "How a verdict is made: docs/claims.md. Intervals: 95 %. Tolerances were fixed, each for a reason of its own, "
        "before any verdict was computed.",
    ]
    for section in sections:
        rows = [_row(one) for one in judged if one.claim.section == section]
        lines = [HEADER, ["---"] * len(HEADER), *rows]  # unpadded: cells are sentences
        parts += [f"## {section}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    return "\n\n".join(parts) + "\n"


def _row(one: Judged) -> list[str]:
    claim, found = one.claim, one.finding
    measured = in_unit(found.measured, claim.unit)
    if found.low is not None and found.high is not None:
        measured += f" [{in_unit(found.low, claim.unit)}, {in_unit(found.high, claim.unit)}]"
    stand_in = f" (here: {one.place.stands_for})" if one.place and one.place.stands_for else ""
    links = [f"[{path}]({path})" for path in found.evidence[:SHOWN]]
    if len(found.evidence) > SHOWN:
        links.append(f"and {len(found.evidence) - SHOWN} more")
    return [
        claim.statement + stand_in,
        in_unit(claim.paper_value, claim.unit),
        measured,
        "–" if found.tolerance is None else f"± {in_unit(found.tolerance, claim.unit)}",
        found.verdict,
        found.reason.replace("|", "/"),
        ", ".join(links) or "–",
    ]


def in_unit(value: object, unit: str) -> str:
    """A value of a claim as it is printed, – for none."""
    if value is None:
        return "–"
    if not isinstance(value, int | float):
        return str(value)
    text = f"{100 * value:.3g}" if unit == "%" else f"{value:,.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
    return f"{text} {unit}".strip() if unit not in ("×", "tau", "") else f"{text}{'×' if unit == '×' else ''}"
