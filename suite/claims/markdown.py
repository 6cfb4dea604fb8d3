"""The ledger as a page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from suite.claims.answer import answer
from suite.claims.finding import INSENSITIVE, KINDS, UNDERPOWERED, VERDICTS

HEADER = ("claim", "paper", "measured", "tolerance", "kind", "verdict", "why", "control", "registered", "evidence")
SHOWN = 3


def markdown(entries: Sequence[Mapping[str, Any]], scale: str) -> str:
    """The answer, verdicts counted by kind, then a table per section in the order of the ledger.

    Args:
        entries: of ``claims.json``.
        scale: their scale.
    """
    sections = list(dict.fromkeys(entry["section"] for entry in entries))
    parts = [
        f"# Claims of the paper, scale {scale}",
        answer(entries),
        f"{len(entries)} claims, by what their verdicts rest on:",
        counts(entries),
        "How a verdict is made: docs/claims.md. Intervals: 95 %. Tolerances were fixed, each for a reason of its own, "
        "before verdicts were computed and after first results; docs/claims.md lists later changes.",
    ]
    for section in sections:
        rows = [_row(entry) for entry in entries if entry["section"] == section]
        lines = [HEADER, ["---"] * len(HEADER), *rows]  # unpadded: cells are sentences
        parts += [f"## {section}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    return "\n\n".join(parts) + "\n"


def counts(entries: Sequence[Mapping[str, Any]]) -> str:
    """Verdicts by kind as a list, what was measured first."""
    lines = []
    for kind in KINDS:
        of_kind = Counter(entry["verdict"] for entry in entries if entry["kind"] == kind)
        if of_kind:
            counted = ", ".join(f"{of_kind[name]} {name}" for name in VERDICTS if of_kind[name])
            lines.append(f"- **{kind}** ({of_kind.total()}): {counted}")
    return "\n".join(lines)


def verdict_of(entry: Mapping[str, Any]) -> str:
    """The verdict as it is printed: an underpowered one with its seeds."""
    power = entry["power"]
    if entry["verdict"] != UNDERPOWERED or power is None:
        return str(entry["verdict"])
    needed = "?" if power["needed"] is None else f"{power['needed']:,}"
    return f"{UNDERPOWERED} ({power['seeds']} of {needed})"


def _row(entry: Mapping[str, Any]) -> list[str]:
    unit = entry["unit"]
    measured = in_unit(entry["measured"], unit)
    if entry["low"] is not None and entry["high"] is not None:
        measured += f" [{in_unit(entry['low'], unit)}, {in_unit(entry['high'], unit)}]"
    stand_in = f" (here: {entry['stands_for']})" if entry["stands_for"] else ""
    links = [f"[{path}]({path})" for path in entry["evidence"][:SHOWN]]
    if len(entry["evidence"]) > SHOWN:
        links.append(f"and {len(entry['evidence']) - SHOWN} more")
    return [
        entry["statement"] + stand_in,
        in_unit(entry["paper_value"], unit),
        measured,
        "–" if entry["tolerance"] is None else f"± {in_unit(entry['tolerance'], unit)}",
        entry["kind"],
        verdict_of(entry),
        why(entry).replace("|", "/"),
        entry["control"] or "–",
        entry["registered"] or "–",
        ", ".join(links) or "–",
    ]


def why(entry: Mapping[str, Any]) -> str:
    """The reason, the conditions of the number, and the deviation that the number of seeds follows from."""
    power = entry["power"]
    deviation = power and power["deviation"]
    seen = f"paired differences deviate by {in_unit(deviation, entry['unit'])}" if deviation is not None else ""
    control = entry["control"] if entry["verdict"] == INSENSITIVE else ""
    return "; ".join(filter(None, (entry["reason"], entry["conditions"], seen, control)))


def in_unit(value: object, unit: str) -> str:
    """A value of a claim as it is printed, – for none."""
    if value is None:
        return "–"
    if not isinstance(value, int | float):
        return str(value)
    text = f"{100 * value:.3g}" if unit == "%" else f"{value:,.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
    return f"{text} {unit}".strip() if unit not in ("×", "tau", "") else f"{text}{'×' if unit == '×' else ''}"
