"""Runs, the environments they ran in, and records at fault."""

import json
from dataclasses import dataclass
from typing import Any

from suite.records.evidence import Evidence, Run
from suite.report.links import Hyperlink, Hyperlinks
from suite.report.provenance import read_json

FILES = ("config.yaml", "environment.json", "metrics.jsonl")


@dataclass(frozen=True)
class RunRow:
    """One complete run; ``environment`` is the label of its entry in the table of environments."""

    link: Hyperlink
    model: str
    task: str
    method: str
    seed: int
    steps: int
    quality: str
    rate: str
    commit: str
    environment: str
    files: list[Hyperlink]


@dataclass(frozen=True)
class Environment:
    """What a set of ranks ran on and with, the same for every run that names ``label``."""

    label: str
    hardware: str
    software: str
    lock: str
    ranks: str


@dataclass(frozen=True)
class Fault:
    """A record that cannot be used, and why."""

    link: Hyperlink
    reason: str


def list_runs(evidence: Evidence, links: Hyperlinks) -> tuple[list[RunRow], list[Environment]]:
    """Every complete run, and the distinct environments, labelled in order of their first run."""
    rows, environments = [], dict[str, Environment]()
    for run in evidence.runs:
        path = f"runs/{run.model}/{run.task}/{run.method}/seed{run.seed}"
        record, missing = read_json(links.folder / path / "environment.json")
        label = "–" if missing else _label(record, environments)
        rows.append(_row(run, path, record, label, links))
    return rows, list(environments.values())


def list_faults(evidence: Evidence, links: Hyperlinks) -> list[Fault]:
    """Every record at fault."""
    return [
        Fault(links.to(fault.path.relative_to(links.folder).as_posix()), fault.reason) for fault in evidence.invalid
    ]


def _row(run: Run, path: str, record: dict[str, Any], label: str, links: Hyperlinks) -> RunRow:
    commit = run.summary.git_commit or "unknown"
    dirty = any(rank.get("git_dirty") for rank in record.get("ranks", []))
    rate = run.summary.rate
    return RunRow(
        link=links.to(path, f"{run.method}, seed {run.seed}"),
        model=run.model,
        task=run.task,
        method=run.method,
        seed=run.seed,
        steps=run.summary.steps,
        quality=f"{run.metric} {run.summary.final[run.metric]:.4g}",
        rate="–" if rate is None else f"{rate:.1%}",
        commit=commit[:10] + (", changed" if dirty else ""),
        environment=label,
        files=[links.to(f"{path}/{name}", name) for name in FILES],
    )


def _label(record: dict[str, Any], environments: dict[str, Environment]) -> str:
    """The label of a record's environment, which is added where it is new. Commits belong to runs, not to it."""
    ranks = [{name: rank[name] for name in sorted(rank) if "git" not in name} for rank in record["ranks"]]
    key = json.dumps([ranks, record.get("transport")], sort_keys=True)
    if key not in environments:
        distinct = list({json.dumps(rank): rank for rank in ranks}.values())
        environments[key] = Environment(
            label=f"E{len(environments) + 1}",
            hardware="; ".join(dict.fromkeys(_hardware(rank) for rank in distinct)),
            software="; ".join(dict.fromkeys(_software(rank) for rank in distinct)),
            lock=", ".join(dict.fromkeys(str(rank.get("lock_sha256"))[:10] for rank in distinct)),
            ranks=f"{len(ranks)} on {record.get('transport', 'unknown')}, {_threads(distinct)} per rank",
        )
    return environments[key].label


def _hardware(rank: dict[str, Any]) -> str:
    memory = rank.get("memory_bytes", 0) / 2**30
    return f"{rank.get('cpu_count')} × {rank.get('cpu')}, {memory:.0f} GiB, device {rank.get('device')}"


def _software(rank: dict[str, Any]) -> str:
    return f"Python {rank.get('python')}, torch {rank.get('torch')}, {rank.get('platform')}"


def _threads(ranks: list[dict[str, Any]]) -> str:
    counts = sorted({rank.get("threads", 0) for rank in ranks})
    return "1 thread" if counts == [1] else f"{', '.join(map(str, counts))} threads"
