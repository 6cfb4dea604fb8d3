"""What is mirrored of a record, read from its files as they are, finished or not. Nothing here imports MLflow."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from suite.records.run_folder import RunFolder

State = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
# Of a speed measurement's block, what is shown by round.
BLOCK_METRICS = ("seconds", "bytes", "rows_sent", "inter_server_bytes")


class Point(NamedTuple):
    """One value of one metric; ``seconds`` since the record began."""

    name: str
    value: float
    step: int
    seconds: float


@dataclass(frozen=True)
class Mirrored:
    """One run of MLflow.

    Attributes:
        identity: the same for one record wherever it lies and however often it is read; a run begun afresh has another.
        name: shown in lists.
        tags: to search by.
        params: settings.
        points: metrics in the order in which the record got them; a record that goes on only adds to the end.
        artifacts: files that are there.
        state: as MLflow calls it.
        began: milliseconds since 1970.
    """

    identity: str
    name: str
    tags: dict[str, str]
    params: dict[str, str]
    points: list[Point]
    artifacts: list[Path]
    state: State
    began: int


def read_run(folder: RunFolder, root: Path, over: bool) -> Mirrored | None:
    """A run as it is now; ``None`` before its first training step.

    Args:
        folder: the run's.
        root: the folder that paths are told relative to.
        over: whether nobody is at work on it any more.
    """
    config = yaml.safe_load(folder.config.read_text())
    lines = list(_whole_lines(folder.metrics))
    complete = folder.is_complete()
    if not lines or not (complete or any(line["event"] == "train" for line in lines)):
        return None
    points, seconds = [], 0.0
    for line in lines:
        seconds += line.get("seconds", 0.0)
        values = {name: value for name, value in line.items() if name not in ("event", "step")}
        points += [Point(name, value, line["step"], seconds) for name, value in _numbers(line["event"], values)]
    if complete:
        summary = json.loads(folder.summary.read_text())
        numbers = {name: value for name, value in summary.items() if isinstance(value, int | float)}
        points += [Point(f"summary/{name}", numbers[name], lines[-1]["step"], seconds) for name in sorted(numbers)]
    path = folder.path.relative_to(root)
    *_, model, task, method, seed = path.parts
    tags = {"model": model, "task": task, "method": method, "seed": seed.removeprefix("seed")}
    tags |= {"kind": "run", "scale": config["scale"]["name"], "path": path.as_posix()} | _study(path)
    ranks = json.loads(folder.environment.read_text())["ranks"] if folder.environment.exists() else []
    return Mirrored(
        identity=_identity(lines),
        name="/".join(path.parts[-4:]),
        tags=tags | {"commit": str(ranks[0].get("git_commit") if ranks else None)},
        params=dict(_flat(_decisive(config))),
        points=points,
        artifacts=[file for file in (folder.config, folder.environment, folder.summary) if file.exists()],
        state=_state(folder, complete, over),
        began=int(folder.config.stat().st_mtime * 1000),
    )


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """All numbers inside ``value``, named by their path; what is null has none."""
    if isinstance(value, dict):
        for inner, part in value.items():
            yield from _numbers(f"{name}/{inner}", part)
    elif value is not None:
        yield name, value


def read_speed(path: Path, root: Path) -> Mirrored:
    """A speed measurement: blocks of every method on every link, by round."""
    text = path.read_text()
    record = json.loads(text)
    points, seconds = [], 0.0
    for link in record["links"]:
        for block in link["blocks"]:
            seconds += block["seconds"]
            for name in BLOCK_METRICS:
                points.append(Point(f"{link['name']}/{block['method']}/{name}", block[name], block["round"], seconds))
    words = {name: str(record[name]) for name in ("model", "task", "cluster") if name in record}
    where = path.relative_to(root).as_posix()
    return Mirrored(
        identity=hashlib.sha256(text.encode()).hexdigest(),
        name=f"speed/{words['cluster']}/{words['model']}/{words['task']}",
        tags=words
        | {"kind": "speed", "scale": str(record.get("scale")), "path": where, "seed": str(record.get("seed"))},
        params=words | {"steps_per_block": str(record["steps_per_block"]), "servers": str(record["servers"])},
        points=points,
        artifacts=[path],
        state="FINISHED",
        began=int((path.stat().st_mtime - seconds) * 1000),
    )


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Metrics lines up to the first that is not whole."""
    for text in path.read_text().splitlines() if path.exists() else []:
        try:
            yield json.loads(text)
        except json.JSONDecodeError:
            return


def _identity(lines: list[dict[str, Any]]) -> str:
    """The first training step's line, with its time to the nanosecond, is no other run's; a resumed run keeps it."""
    first = next((line for line in lines if line["event"] == "train"), lines[0])
    return hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest()


def _state(folder: RunFolder, complete: bool, over: bool) -> State:
    if complete:
        return "FINISHED"
    if not over:
        return "RUNNING"
    return "FAILED" if folder.failure.exists() else "KILLED"


def _study(path: Path) -> dict[str, str]:
    """What a run is to a study, from ``<scale>/sweeps/<study>/{trials,confirmation}/<name>/…``."""
    parts = path.parts
    if parts[1:2] != ("sweeps",):
        return {}
    return {"study": parts[2], "trial" if parts[3] == "trials" else parts[3]: parts[4]}


def _decisive(config: dict[str, Any]) -> dict[str, Any]:
    """Settings of this run alone, without those of other scales."""
    scale, model, task = config["scale"]["name"], config["model"], config["task"]
    kept = {name: value for name, value in task.items() if name not in ("training", "summary")}
    return {
        "seed": config["seed"],
        "seeds": config.get("seeds") or {},
        "model": {"name": model["name"], "host": model["host"]} | model["sizes"][scale],
        "task": kept,
        "training": task["training"][scale],
        "method": {name: value for name, value in config["method"].items() if name != "summary"},
        "cluster": config["cluster"],
    }


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
