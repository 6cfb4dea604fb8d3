"""A trial: one ordinary run with an ordinary record, and the objectives read from the record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from suite.config.compose import compose
from suite.config.seeds import hash_seed
from suite.costmodel import speedup_bound
from suite.costmodel.paper import share
from suite.errors import RunError, Stopped, UserError
from suite.files import write_atomically
from suite.records.reading import read_record
from suite.records.run_folder import RunFolder
from suite.records.schema.base import as_json
from suite.records.schema.failure import Failure
from suite.records.schema.trial import Matched, TrialRecord
from suite.training import train
from sweeps.folder import StudyFolder
from sweeps.setting import Setting, Value
from sweeps.study import Study

# Errors of a rank when training diverges: the fault of the setting, not of the machine.
_DIVERGED = ("FloatingPointError", "NonFiniteRowError")
# Captured rows per layer and rank for matching a rate; whole experts, because the rate depends on rows per expert.
_CAPTURED_ROWS = 4096
# Bytes of native rows over bytes of 16-bit rows, by the precision of training.
_PLAIN_BYTES = {"float32": 2.0, "bfloat16": 1.0}


Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Outcome:
    """Result of a trial.

    Attributes:
        values: one per objective of the study; infinitely bad for a diverged run.
        attributes: further values for the study's tables.
    """

    values: list[float]
    attributes: dict[str, Any]


class TrialFailed(Exception):
    """A run without a result for reasons other than its setting. Its message has the reason."""


def run_trial(study: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
    """Train the run of a point, or resume it, and read its objectives from its record.

    Args:
        study: the study.
        folder: its folder.
        slot: the slot's number, which names the trial's folder.
        point: parameters of the study's space, by name.

    Raises:
        TrialFailed: the run failed; its record says why.
        Stopped: this process was asked to end.
    """
    setting = study.setting(dict(point))
    place = folder.trials / str(slot)
    chosen: dict[str, Any] = {}
    matching: Matched | None = None
    if setting.target_rate is not None:
        setting, expected = matched(study, folder, setting)
        chosen = {"num_hashes": setting.num_hashes, "bucket_bits": setting.bucket_bits}
        matching = Matched(**setting.reduction(), expected_rate=expected)
    overrides = study.overrides(setting)
    record = TrialRecord(study=study.name, trial=slot, setting=dict(point), matched=matching, overrides=overrides)
    write_atomically(place / "trial.json", as_json(record, indent=2))
    plain = plain_slot(study, setting.task or study.tasks[0]) == slot
    run = plain_run(study, folder, setting) if plain else train_run(overrides, place, folder.results)
    found = outcome(study, run)
    path = str(run.path.relative_to(folder.results / folder.scale))
    return Outcome(found.values, found.attributes | chosen | {"path": path})


def matched(study: Study, folder: StudyFolder, setting: Setting) -> tuple[Setting, float]:
    """The setting with numbers of hash functions and buckets for its target rate, and their rate on captured rows.

    The rows are captured from vanilla, trained as in the study, so that they favour no setting.
    """
    from sweeps.matching import captures, match  # imports torch

    plain = plain_run(study, folder, study.setting({"method": "vanilla", "task": setting.task or study.tasks[0]}))
    seed = hash_seed(compose(study.overrides(setting)).root_seed("hash"))
    return match(setting, captures(plain), seed)


def plain_slot(study: Study, task: str) -> int | None:
    """The slot whose trial is vanilla on a task, if other trials match rates on its rows; else ``None``."""
    points = study.points()
    plain: dict[str, Value] = {"method": "vanilla", "task": task}
    return points.index(plain) if plain in points and any("target_rate" in point for point in points) else None


def plain_run(study: Study, folder: StudyFolder, vanilla: Setting) -> RunFolder:
    """The vanilla run whose captured rows rates are matched on: a trial of the study, or a run beside the trials."""
    assert vanilla.task is not None
    overrides, slot = study.overrides(vanilla), plain_slot(study, vanilla.task)
    place = folder.path / "rows" / vanilla.task if slot is None else folder.trials / str(slot)
    place.mkdir(parents=True, exist_ok=True)
    every = max(1, compose(overrides).training.steps // 2)
    with FileLock(place / ".lock"):  # one worker trains, the others wait
        return train_run(
            [*overrides, f"capture.every={every}", f"capture.rows={_CAPTURED_ROWS}"], place, folder.results
        )


def train_run(overrides: list[str], place: Path, results: Path) -> RunFolder:
    """Train a run with its record below ``place``, starting from weights in ``results``.

    Raises:
        TrialFailed: unless the run is complete, or diverged.
        Stopped: this process was asked to end.
    """
    overrides = [*overrides, f"results='{place}'", f"origin.results='{results}'"]
    try:
        folder = RunFolder.of(compose(overrides))
        train.train(overrides)
    except Stopped:
        raise
    except UserError as error:
        raise TrialFailed(str(error)) from error
    except RunError as error:
        if not any(name in str(error) for name in _DIVERGED):
            raise TrialFailed(str(error)) from error
    return folder


def outcome(study: Study, folder: RunFolder) -> Outcome:
    """Objectives and attributes from the record of a complete or a diverged run."""
    if not folder.is_complete():
        reason = read_record(folder.failure, Failure).reason
        return Outcome([_worst(study, name) for name in study.objectives], {"diverged": reason})
    summary = folder.read_summary()
    assert summary.relative_bytes is not None  # trials train
    values = {"quality": summary.final[summary.metric.name], "relative_bytes": summary.relative_bytes}
    if study.kappa is not None:
        values["relative_step_time"] = relative_step_time(summary.relative_bytes, study)
    attributes = {
        "task": summary.task,
        "metric": summary.metric.name,
        "rate": summary.rate,
        **values,
        "mean_step_seconds": summary.mean_step_seconds,
    }
    return Outcome([float(values[name]) for name in study.objectives], attributes)


def relative_step_time(relative_bytes: float, study: Study) -> float:
    """Seconds of a step over those of vanilla at the study's kappa, by the bound 1 − f(1−ρ).

    Latency, hashing and savings of experts are left out, because a run without paired step times does not have them.
    """
    assert study.kappa is not None
    precision = compose(study.overrides(study.setting({}))).training.precision
    return 1 / speedup_bound(share(study.kappa), relative_bytes / _PLAIN_BYTES[precision], 0.0)


def directions(study: Study) -> list[Direction]:
    """Optuna's direction of each objective."""
    rises = higher_is_better(study)
    return ["maximize" if name == "quality" and rises else "minimize" for name in study.objectives]


def higher_is_better(study: Study) -> bool:
    """Whether a higher metric is better on the study's tasks.

    Raises:
        UserError: its tasks disagree.
    """
    from suite.tasks import build_task  # imports torch and fairseq

    found = {
        build_task(compose(study.overrides(study.setting({"task": task})))).metric.higher_is_better
        for task in study.tasks
    }
    if len(found) > 1:
        raise UserError(f"study {study.name}.tasks: the metric of some rises and of others falls; make two studies")
    return found.pop()


def _worst(study: Study, objective: str) -> float:
    return -math.inf if objective == "quality" and higher_is_better(study) else math.inf
