"""Records as data: every run and every speed measurement of one scale, each read whole or refused with a reason."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from suite.schema import RECORD_SCHEMA

RUN_KEYS = tuple(
    "schema status model task method seed scale cluster steps data metric final baseline rate rows_by_kind "
    "relative_bytes route_padding mean_step_seconds examples_per_second peak_memory_bytes".split()
)
SPEED_KEYS = tuple("schema model task cluster steps_per_block servers all_to_alls weights data links".split())
LINK_KEYS = tuple("name share fit blocks".split())
BLOCK_KEYS = tuple(
    "round method seconds phases rows_routed rows_sent bytes remote_bytes inter_server_bytes half_precision_bytes "
    "kernel_bytes".split()
)


@dataclass(frozen=True)
class Run:
    """One complete run. ``train`` and ``evals`` hold one row per metrics line of that event, in order of steps."""

    model: str
    task: str
    method: str
    seed: int
    summary: dict[str, Any]
    train: pd.DataFrame
    evals: pd.DataFrame

    @property
    def metric(self) -> str:
        """The column of ``evals`` by which runs of this task are compared."""
        return str(self.summary["metric"]["name"])


@dataclass(frozen=True)
class Speed:
    """One paired measurement on one link: ``blocks`` holds one row per block, as ``suite.measure`` wrote them.

    Attributes:
        cluster: name of the link.
        share: of all-to-all that the link was set for; ``None`` for a network as it is.
        fit: the link's ``before`` and ``after``; ``None`` where no link was fitted.
        record: the file's.
    """

    model: str
    task: str
    cluster: str
    share: float | None
    fit: dict[str, Any] | None
    record: dict[str, Any]
    blocks: pd.DataFrame


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


class RecordError(Exception):
    """Why a record is refused, in one line."""


def read_evidence(folder: Path) -> Evidence:
    """Read ``runs/<model>/<task>/<method>/seed<k>`` and ``speed/<cluster>/<model>/<task>.json`` below ``folder``.

    What was read last is kept as long as no file has changed, as many tables and figures ask for the same; do not alter
    it.
    """
    return _read_evidence(folder, _state(folder))


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Every file that evidence is read from, with its time and size."""
    files = [path for pattern in ("runs/*/*/*/seed*/*.json*", "speed/*/*/*.json") for path in folder.glob(pattern)]
    states = ((str(path), path.stat()) for path in sorted([*files, *folder.glob("runs/*/*/*/seed*")]))
    return tuple((path, state.st_mtime_ns, state.st_size) for path, state in states)


@lru_cache(maxsize=1)
def _read_evidence(folder: Path, state: object) -> Evidence:
    runs, speeds, invalid = [], [], []
    for path in sorted(folder.glob("runs/*/*/*/seed*")):
        model, task, method, _ = path.parts[-4:]
        try:
            runs.append(_read_run(path))
        except RecordError as error:
            invalid.append(Invalid(model, task, method, path, str(error)))
    for path in sorted(folder.glob("speed/*/*/*.json")):
        _, model, file = path.parts[-3:]
        try:
            speeds += _read_speeds(path)
        except RecordError as error:
            invalid.append(Invalid(model, file.removesuffix(".json"), None, path, str(error)))
    return Evidence(runs, speeds, invalid)


def _read_run(path: Path) -> Run:
    if not (path / "summary.json").exists():
        raise RecordError(f"no summary.json: {_why_unfinished(path / 'failure.json')}")
    summary = read_json((path / "summary.json").read_text(), "summary.json")
    require(summary, RUN_KEYS, "summary.json")
    model, task, method, seed = path.parts[-4:]
    if (summary["model"], summary["task"], summary["method"], f"seed{summary['seed']}") != (model, task, method, seed):
        raise RecordError("summary.json names another run than the folder does")
    lines = list(_metrics(path / "metrics.jsonl"))
    train = pd.DataFrame([line for line in lines if line["event"] == "train"])
    evals = pd.DataFrame([line for line in lines if line["event"] == "eval"])
    if list(train.get("step", [])) != list(range(1, summary["steps"] + 1)):
        raise RecordError(f"metrics.jsonl does not hold the steps 1 to {summary['steps']} once each, in order")
    if evals.empty or evals["step"].iloc[-1] != summary["steps"]:
        raise RecordError("metrics.jsonl ends without the last evaluation")
    last = evals.iloc[-1]
    for name, value in summary["final"].items():
        if isinstance(value, int | float) and name in last and not math.isclose(last[name], value, rel_tol=1e-9):
            raise RecordError(f"final {name} is {value} in summary.json and {last[name]} in metrics.jsonl")
    return Run(model, task, method, summary["seed"], summary, train, evals)


def _why_unfinished(failure: Path) -> str:
    if not failure.exists():
        return "the run has not finished"
    return f"the run failed: {read_json(failure.read_text(), failure.name).get('reason', 'no reason given')}"


def _read_speeds(path: Path) -> list[Speed]:
    cluster, model, file = path.parts[-3:]
    record = read_json(path.read_text(), path.name)
    require(record, SPEED_KEYS, path.name)
    if (record["cluster"], record["model"], f"{record['task']}.json") != (cluster, model, file):
        raise RecordError("it names another measurement than its path does")
    if not record["links"]:
        raise RecordError("it holds no link")
    return [
        Speed(model, record["task"], link["name"], link["share"], link["fit"], record, _blocks(link, path.name))
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
    return blocks


def _metrics(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise RecordError("no metrics.jsonl")
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        line = read_json(text, f"metrics.jsonl line {number}")
        require(line, ("event", "step"), f"metrics.jsonl line {number}")
        yield line


def read_json(text: str, where: str) -> dict[str, Any]:
    """A JSON object of a record.

    Raises:
        RecordError: naming ``where``.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(f"{where} is not JSON (truncated?): {error.msg}") from error
    if not isinstance(value, dict):
        raise RecordError(f"{where} is not a JSON object")
    return value


def require(value: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    """See that ``value`` has all ``keys`` and, if it says so at all, this version's schema.

    Raises:
        RecordError: naming ``where``.
    """
    missing = [key for key in keys if key not in value]
    if missing:
        raise RecordError(f"{where} lacks {', '.join(missing)}")
    if value.get("schema", RECORD_SCHEMA) != RECORD_SCHEMA:
        raise RecordError(f"{where} has schema {value['schema']}, this version reads {RECORD_SCHEMA}")
