"""Records as data: every run and every speed measurement of one scale, each read whole or refused with a reason."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from suite.records.consistency import check_blocks, check_configuration, check_steps, check_totals, conflicts
from suite.records.reading import RecordError, json_object, metrics_lines, require

RUN_KEYS = tuple(
    "schema status model task method seed scale cluster config_sha256 steps data metric final baseline rate "
    "rows_by_kind relative_bytes route_padding mean_step_seconds examples_per_second peak_memory_bytes".split()
)
RUN_FILES = ("summary.json", "metrics.jsonl", "config.yaml", "failure.json")
SPEED_KEYS = tuple("schema model task cluster steps_per_block servers all_to_alls weights data links".split())
LINK_KEYS = tuple("name share fit blocks".split())
BLOCK_KEYS = tuple(
    "round method seconds phases rows_routed rows_sent bytes remote_bytes inter_server_bytes half_precision_bytes "
    "kernel_bytes".split()
)


@dataclass(frozen=True)
class Run:
    """One complete run. ``train`` and ``evals`` hold one row per metrics line of that event, in order of steps.

    Attributes:
        path: its folder.
        metrics_sha256: of ``metrics.jsonl``.
    """

    model: str
    task: str
    method: str
    seed: int
    summary: dict[str, Any]
    train: pd.DataFrame
    evals: pd.DataFrame
    path: Path
    metrics_sha256: str

    @property
    def metric(self) -> str:
        """The column of ``evals`` by which runs of this task are compared."""
        return str(self.summary["metric"]["name"])


@dataclass(frozen=True)
class Speed:
    """One paired measurement on one link: ``blocks`` holds one row per block, as ``suite.measurement.speed`` wrote them.

    Attributes:
        cluster: name of the link.
        share: of all-to-all that the link was set for; ``None`` for a network as it is.
        fit: the link's ``before`` and ``after``; ``None`` where no link was fitted.
        record: the file's.
        path: the file.
    """

    model: str
    task: str
    cluster: str
    share: float | None
    fit: dict[str, Any] | None
    record: dict[str, Any]
    blocks: pd.DataFrame
    path: Path


@dataclass(frozen=True)
class Invalid:
    """A record that cannot be used. ``method`` is None for a speed measurement, which concerns all methods."""

    model: str
    task: str
    method: str | None
    path: Path
    reason: str

    def __str__(self) -> str:
        return f"invalid record {self.path}: {self.reason}"


@dataclass(frozen=True)
class Evidence:
    """Everything that one scale's results folder holds."""

    runs: list[Run]
    speeds: list[Speed]
    invalid: list[Invalid]


def read_evidence(folder: Path) -> Evidence:
    """Read ``runs/<model>/<task>/<method>/seed<k>`` and ``speed/<cluster>/<model>/<task>.json`` below ``folder``.

    A process reads a record once and again only when its files have changed, so every table may ask for all of them.
    """
    runs, speeds, invalid = [], [], []
    for path in sorted(folder.glob("runs/*/*/*/seed*")):
        found = _run_or_fault(path, _state(path, RUN_FILES))
        (runs if isinstance(found, Run) else invalid).append(found)
    for path, reason in conflicts(runs).items():
        invalid.append(Invalid(*path.parts[-4:-1], path, reason))
    at_fault = {record.path for record in invalid}
    for path in sorted(folder.glob("speed/*/*/*.json")):
        measured = _speeds_or_fault(path, _state(path.parent, (path.name,)))
        if isinstance(measured, Invalid):
            invalid.append(measured)
        else:
            speeds += measured
    return Evidence([run for run in runs if run.path not in at_fault], speeds, invalid)


def _state(folder: Path, names: tuple[str, ...]) -> tuple[object, ...]:
    """Changes whenever one of the files does."""
    state: list[object] = []
    for name in names:
        try:
            stat = (folder / name).stat()
            state.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            state.append(None)
    return tuple(state)


@lru_cache(maxsize=10_000)
def _run_or_fault(path: Path, state: tuple[object, ...]) -> Run | Invalid:
    try:
        return _read_run(path)
    except RecordError as error:
        model, task, method, _ = path.parts[-4:]
        return Invalid(model, task, method, path, str(error))


@lru_cache(maxsize=10_000)
def _speeds_or_fault(path: Path, state: tuple[object, ...]) -> tuple[Speed, ...] | Invalid:
    try:
        return tuple(_read_speeds(path))
    except RecordError as error:
        _, model, file = path.parts[-3:]
        return Invalid(model, file.removesuffix(".json"), None, path, str(error))


def _read_run(path: Path) -> Run:
    if not (path / "summary.json").exists():
        raise RecordError(f"no summary.json: {_why_unfinished(path / 'failure.json')}")
    summary = json_object((path / "summary.json").read_text(), "summary.json")
    require(summary, RUN_KEYS, "summary.json")
    model, task, method, seed = path.parts[-4:]
    if (summary["model"], summary["task"], summary["method"], f"seed{summary['seed']}") != (model, task, method, seed):
        raise RecordError("summary.json names another run than the folder does")
    lines = list(metrics_lines(path / "metrics.jsonl"))
    train = pd.DataFrame([line for line in lines if line["event"] == "train"])
    evals = pd.DataFrame([line for line in lines if line["event"] == "eval"])
    check_steps(train, evals, summary["steps"])
    check_totals(summary, train, evals)
    check_configuration(path / "config.yaml", summary)
    digest = hashlib.sha256((path / "metrics.jsonl").read_bytes()).hexdigest()
    return Run(model, task, method, summary["seed"], summary, train, evals, path, digest)


def _why_unfinished(failure: Path) -> str:
    if not failure.exists():
        return "the run has not finished"
    return f"the run failed: {json_object(failure.read_text(), failure.name).get('reason', 'no reason given')}"


def _read_speeds(path: Path) -> list[Speed]:
    cluster, model, file = path.parts[-3:]
    record = json_object(path.read_text(), path.name)
    require(record, SPEED_KEYS, path.name)
    if (record["cluster"], record["model"], f"{record['task']}.json") != (cluster, model, file):
        raise RecordError("it names another measurement than its path does")
    if not record["links"]:
        raise RecordError("it holds no link")
    return [
        Speed(model, record["task"], link["name"], link["share"], link["fit"], record, _blocks(link, path.name), path)
        for link in record["links"]
    ]


def _blocks(link: dict[str, Any], where: str) -> pd.DataFrame:
    require(link, LINK_KEYS, where)
    for block in link["blocks"]:
        require(block, BLOCK_KEYS, where)
    blocks = pd.DataFrame(link["blocks"])
    if blocks.empty or (blocks.groupby(["round", "method"]).size() != 1).any():
        raise RecordError("a round does not hold each method once")
    if (blocks.groupby("method").size() != blocks["round"].nunique()).any() or blocks["round"].nunique() < 2:
        raise RecordError("fewer than two whole rounds")
    if "vanilla" not in set(blocks["method"]):
        raise RecordError("vanilla, which every ratio is relative to, was not measured")
    check_blocks(blocks)
    return blocks
