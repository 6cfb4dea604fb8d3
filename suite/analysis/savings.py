"""A speed-up split into its parts: rows of ``savings.csv``, from rows of ``speedup.csv``."""

from collections.abc import Mapping, Sequence
from typing import Any

from suite.analysis.rows import INVALID, Row

# Parts of a step, as in speedup.csv; they add up to it.
PARTS = ("all_to_all", "experts", "reduction", "rest")


def savings_rows(speedups: Sequence[Row]) -> list[Row]:
    """One row per measured method but vanilla: seconds saved by part, and the speed-up that single parts would give.

    Args:
        speedups: rows of ``speedup.csv``; invalid ones are left out.
    """
    valid: list[Mapping[str, Any]] = [row for row in speedups if row.get("speedup") != INVALID]
    vanilla = {_place(row): row for row in valid if row["method"] == "vanilla"}
    return [_split(row, vanilla[_place(row)]) for row in valid if row["method"] != "vanilla"]


def _place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["model"], row["task"], row["cluster"]


def _split(row: Mapping[str, Any], vanilla: Mapping[str, Any]) -> Row:
    saved = {name: vanilla[f"{name}_seconds"] - row[f"{name}_seconds"] for name in PARTS}
    step = vanilla["step_seconds"]
    named = (
        "model",
        "task",
        "method",
        "cluster",
        "share",
        "rate",
        "speedup",
        "speedup_low",
        "speedup_high",
        "step_seconds",
    )
    return {
        **{name: row[name] for name in named},
        "vanilla_seconds": step,
        **{f"{name}_saved": seconds for name, seconds in saved.items()},
        "speedup_by_bytes": step / (step - saved["all_to_all"]),
        "speedup_by_experts": step / (step - saved["experts"]),
        "speedup_without_experts": step / (row["step_seconds"] + saved["experts"]),
    }
