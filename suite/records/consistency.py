"""Records that contradict themselves or each other: edited by hand, written twice, put together from two versions."""

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd
import yaml

from suite.config.digest import values_sha256
from suite.config.run import RunConfig
from suite.records.reading import RecordError, read_text, validated
from suite.records.schema.metrics import FinalLine
from suite.records.schema.summary import Summary

# How far a number may be off that was computed twice in another order of additions.
ROUNDING = 1e-9


def check_configuration(path: Path, summary: Summary) -> None:
    """Refuse a run whose ``config.yaml`` is not what its summary was made with.

    Raises:
        RecordError: the file is missing, unreadable, no configuration, or another run's.
    """
    try:
        values = yaml.load(read_text(path), Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        raise RecordError(f"{path.name} is not YAML (truncated?)") from None
    config = validated(RunConfig, values, path.name)
    names = config.model.name, config.task.name, config.method.name, config.seed
    if names != (summary.model, summary.task, summary.method, summary.seed):
        raise RecordError(f"{path.name} is another run's: {', '.join(map(str, names))}")
    digest = values_sha256(values)
    if digest != summary.config_sha256:
        raise RecordError(f"{path.name} has SHA-256 {digest[:12]}…, summary.json {summary.config_sha256[:12]}…")


def check_steps(train: pd.DataFrame, evals: pd.DataFrame, steps: int) -> None:
    """Refuse metrics that do not hold every step, and evaluations in order up to the last one.

    Raises:
        RecordError: naming the step.
    """
    for name, frame in (("step", train), ("evaluation", evals)):
        seen = frame.get("step", pd.Series(dtype=int))
        if seen.duplicated().any():
            raise RecordError(f"metrics.jsonl holds the {name} {seen[seen.duplicated()].iloc[0]} twice")
    if list(train.get("step", [])) != list(range(1, steps + 1)):
        raise RecordError(f"metrics.jsonl does not hold the steps 1 to {steps} once each, in order")
    if evals.empty or evals["step"].iloc[-1] != steps or not evals["step"].is_monotonic_increasing:
        raise RecordError("metrics.jsonl ends without the last evaluation")


def check_final(summary: Summary, evals: pd.DataFrame, finals: Sequence[FinalLine]) -> None:
    """Refuse a summary whose quality is not that of the final evaluation; without one, of the last point of the curve.

    Raises:
        RecordError: naming the number, or the evaluation that cannot be.
    """
    if len(finals) > 1 or any(line.step != summary.steps for line in finals):
        raise RecordError(f"metrics.jsonl holds a final evaluation that is not the one after step {summary.steps}")
    last = finals[0].metrics if finals else evals.iloc[-1]
    for name, value in summary.final.items():
        if name in last:
            _agree(f"final {name}", value, last[name])


def check_totals(summary: Summary, train: pd.DataFrame) -> None:
    """Refuse a summary that says something else than its metrics add up to.

    Raises:
        RecordError: naming the number.
    """
    if train.empty:
        return
    total = train.drop(columns=["event", "step"]).sum()
    _agree("rate", summary.rate, total["rows_sent"] / max(1, total["rows_routed"]))
    _agree("relative_bytes", summary.relative_bytes, total["bytes"] / max(1, total["half_precision_bytes"]))
    _agree("mean_step_seconds", summary.mean_step_seconds, total["seconds"] / len(train))
    for kind, counts in summary.rows_by_kind.items():
        _agree(f"rows_by_kind {kind} routed", counts.routed, total[f"routed_{kind}"])
        _agree(f"rows_by_kind {kind} sent", counts.sent, total[f"sent_{kind}"])
    _agree(
        "rows_routed over all kinds",
        sum(counts.routed for counts in summary.rows_by_kind.values()),
        total["rows_routed"],
    )


def _agree(name: str, summarised: float | None, counted: float) -> None:
    if summarised is None or not math.isclose(summarised, counted, rel_tol=ROUNDING):
        raise RecordError(f"{name} is {summarised} in summary.json and {counted} in metrics.jsonl")


def check_blocks(blocks: pd.DataFrame) -> None:
    """Refuse measured blocks that hold what cannot be.

    Raises:
        RecordError: naming the first such block.
    """
    phases = pd.DataFrame(list(blocks["phases"])).sum(axis=1).to_numpy()
    wrong = {
        "takes no time": blocks["seconds"] <= 0,
        "takes less time than its phases": blocks["seconds"] * (1 + ROUNDING) < phases,
        "sends more rows than were routed": blocks["rows_sent"] > blocks["rows_routed"],
        "sends fewer rows than were routed": (blocks["method"] == "vanilla")
        & (blocks["rows_sent"] != blocks["rows_routed"]),
        "sends more bytes to other ranks than in all": blocks["remote_bytes"] > blocks["bytes"],
        "sends more bytes to other servers than to other ranks": blocks["inter_server_bytes"] > blocks["remote_bytes"],
    }
    for reason, at_fault in wrong.items():
        if at_fault.any():
            block = blocks[at_fault].iloc[0]
            raise RecordError(f"round {block['round']}, {block['method']}: {reason}")


class Seen(Protocol):
    """What is compared of a run."""

    @property
    def model(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def summary(self) -> Summary: ...
    @property
    def metrics_sha256(self) -> str: ...


def conflicts(runs: Sequence[Seen]) -> dict[Path, str]:
    """Runs that cannot all be true, by path, each with the reason; which of them is the true one nobody can tell."""
    found: dict[Path, str] = {}
    cells: dict[tuple[str, str, str], list[Seen]] = defaultdict(list)
    metrics: dict[str, list[Seen]] = defaultdict(list)
    for run in runs:
        cells[run.model, run.task, run.method].append(run)
        if run.summary.steps:  # steps are timed, so two runs never agree in all of them
            metrics[run.metrics_sha256].append(run)
    for same in metrics.values():
        for run in same:
            others = ["/".join(other.path.parts[-2:]) for other in same if other is not run]
            if others:
                found[run.path] = f"the same metrics.jsonl as {', '.join(others)}"
    for cell in cells.values():
        for field in ("steps", "data"):
            if any(getattr(run.summary, field) != getattr(cell[0].summary, field) for run in cell):
                found |= {run.path: f"{field} differ between the seeds of {run.method}" for run in cell}
    return found
