"""The answer first: five sentences from the entries of ``claims.json``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from suite.claims.finding import (
    COST,
    HARDWARE,
    INCONSISTENT,
    INSENSITIVE,
    MEASURED,
    NOT_MEASURED,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDERPOWERED,
    UNREACHABLE,
)

Entry = Mapping[str, Any]
# Scales whose models are neither trained to the end nor pre-trained.
YOUNG = ("nano",)


def answer(entries: Sequence[Entry]) -> str:
    """Does it hold, how much faster, at what quality, what is better, what could nobody test."""
    sentences = (_holds(entries), _faster(entries), _quality(entries), _better(entries), _untestable(entries))
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1))


def _holds(entries: Sequence[Entry]) -> str:
    measured = Counter(entry["verdict"] for entry in entries if entry["kind"] in (MEASURED, COST))
    against = sum(entry["verdict"] == INCONSISTENT for entry in entries)
    seen = measured.total() - measured[NOT_MEASURED]
    undecided = seen - measured[SUPPORTED] - measured[NOT_SUPPORTED]
    return (
        f"**Does it hold?** Of {measured.total()} claims that a measurement decides, scale {entries[0]['scale']} has "
        f"records for {seen}: {measured[SUPPORTED]} hold, {measured[NOT_SUPPORTED]} fail, {undecided} stay open "
        f"({measured[UNDERPOWERED]} for want of seeds, {measured[INSENSITIVE]} for want of a control that fails); "
        f"{against} of the paper's numbers contradict its other numbers."
    )


def _faster(entries: Sequence[Entry]) -> str:
    steps = [entry for entry in entries if entry["id"].startswith("pays_") and entry["measured"] is not None]
    if not steps:
        return "**How much faster is a step?** That was not measured at this scale."
    parts = [f"{entry['id'].removeprefix('pays_')} {_times(entry)} {entry['conditions']}" for entry in steps]
    return (
        f"**How much faster is a step?** {'; '.join(parts)}; any method that sends as few rows gains as much, and how "
        "soon it reaches the same quality is the next question."
    )


def _quality(entries: Sequence[Entry]) -> str:
    compared = [entry for entry in entries if entry["power"] is not None]
    if not compared:
        return "**At what quality?** No method was compared with uncompressed training at this scale."
    found = Counter(entry["verdict"] for entry in compared)
    young = "; its models are young, so this says nothing of trained ones" if compared[0]["scale"] in YOUNG else ""
    counted = ", ".join(f"{number} {name}" for name, number in found.items())
    return f"**At what quality?** Of {len(compared)} comparisons with uncompressed training: {counted}{young}."


def _better(entries: Sequence[Entry]) -> str:
    rivals = [entry for entry in entries if entry["id"].startswith("rival_")]
    known = [entry for entry in rivals if entry["verdict"] != NOT_MEASURED]
    if not known:
        return "**What is better?** No rival was measured beside LSH-MoE at this scale."
    parts = [_rival(entry) for entry in known]
    return f"**What is better?** {'; '.join(parts)}."


def _rival(entry: Entry) -> str:
    name = entry["id"].removeprefix("rival_")
    if entry["measured"] is None:
        return f"{name}: {entry['reason']} ({entry['verdict']})"
    return f"{name} gets to the quality of LSH-MoE {_times(entry)} as fast (that it is faster: {entry['verdict']})"


def _untestable(entries: Sequence[Entry]) -> str:
    machines = Counter(entry["reason"].split(":")[0] for entry in entries if entry["kind"] == HARDWARE)
    needs = ", ".join(f"{number} need {machine}" for machine, number in machines.most_common())
    never = sum(entry["kind"] == UNREACHABLE for entry in entries)
    return (
        f"**What could nobody test here?** {needs or 'Nothing needs larger machines'}; {never} rest on a private "
        "corpus or on the authors' own machines, which nobody else can test."
    )


def _times(entry: Entry) -> str:
    low, high = entry["low"], entry["high"]
    interval = "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"
    return f"{entry['measured']:.2f}×{interval}"
