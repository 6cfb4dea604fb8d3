"""Results of a study as data frames: trials, Pareto front, importance of parameters, best settings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial

from sweeps.slots import REASON, SLOT, state_of
from sweeps.study import Study

MEASURED = ["metric", "quality", "relative_bytes", "rate", "relative_step_time", "mean_step_seconds"]
# Parameters that a target rate sets.
MATCHED = ["num_hashes", "bucket_bits"]
COMPLETE, DIVERGED = "complete", "diverged"
# Least number of trials for an estimate of importance.
_FEWEST = 4


def parameters(study: Study) -> list[str]:
    """Names of all parameters that the study varies or sets, in order."""
    names = [*study.space, *(name for point in study.points() for name in point if name != "task")]
    return list(dict.fromkeys([*names, *(MATCHED if "target_rate" in names else [])]))


def trial_frame(study: Study, trials: Sequence[FrozenTrial]) -> pd.DataFrame:
    """One row per slot: ``number``, ``state``, ``attempts``, ``task``, all parameters and measured values.

    ``path`` is the run's folder below ``results/<scale>``; ``reason`` is that of a failed or diverged trial.
    """
    by_slot: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        by_slot.setdefault(trial.user_attrs[SLOT], []).append(trial)
    rows = [_row(study, slot, by_slot[slot]) for slot in sorted(by_slot)]
    columns = ["number", "state", "attempts", "task", *parameters(study), *MEASURED, "path", "reason"]
    # dtype object keeps integers and booleans in columns with empty cells.
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.astype(dict.fromkeys(MEASURED[1:], float))


def _row(study: Study, slot: int, attempts: Sequence[FrozenTrial]) -> dict[str, Any]:
    last = attempts[-1]
    known = last.user_attrs
    state = DIVERGED if DIVERGED in known else state_of(last)
    return {
        "number": slot,
        "state": state,
        "attempts": len(attempts),
        "task": study.tasks[0],
        **{name: known[name] for name in MATCHED if name in known},
        **last.params,
        **{name: known.get(name) for name in (*MEASURED, "path")},
        "reason": known.get(DIVERGED, known.get(REASON)),
    }


def front(study: Study, frame: pd.DataFrame, rises: bool) -> pd.DataFrame:
    """The Pareto front of each task: trials that no other trial beats in one objective without losing in another.

    Args:
        study: the study.
        frame: of :func:`trial_frame`.
        rises: whether a higher quality is better.
    """
    complete = frame[frame["state"] == COMPLETE]
    kept = []
    for _, part in complete.groupby("task", sort=False):
        costs = part[list(study.objectives)].to_numpy(float)
        if rises and "quality" in study.objectives:
            costs[:, study.objectives.index("quality")] *= -1
        beaten = [bool(((costs <= row).all(1) & (costs < row).any(1)).any()) for row in costs]
        kept.append(part[~np.array(beaten)])
    return pd.concat(kept).sort_values(["task", "relative_bytes", "number"]) if kept else complete


def importance(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """``task``, ``objective``, ``parameter``, ``importance``: the share of variance explained, by fANOVA.

    Only parameters that vary, and that every complete trial of a task has, are included. Vanilla and other methods that
    were run for comparison are left out.
    """
    rows = []
    searched = _searched(frame)
    for task, part in searched.groupby("task", sort=False):
        varied = [name for name in parameters(study) if part[name].notna().all() and part[name].nunique() > 1]
        if len(part) < _FEWEST or not varied:
            continue
        distributions = {name: _distribution(part[name].tolist()) for name in varied}
        for objective in study.objectives:
            known = optuna.create_study()
            for trial in part.to_dict("records"):
                params = {name: trial[name] for name in varied}
                known.add_trial(
                    optuna.create_trial(params=params, distributions=distributions, value=float(trial[objective]))
                )
            try:
                found = get_param_importances(known, evaluator=FanovaImportanceEvaluator(seed=0))
            except RuntimeError:  # its trees found no variance to explain
                continue
            rows += [
                {"task": task, "objective": objective, "parameter": name, "importance": value}
                for name, value in found.items()
            ]
    return pd.DataFrame(rows, columns=["task", "objective", "parameter", "importance"])


def _distribution(values: list[Any]) -> BaseDistribution:
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return IntDistribution(min(values), max(values))
    return CategoricalDistribution(sorted(set(values), key=str))


def best(study: Study, frame: pd.DataFrame, rises: bool) -> pd.DataFrame:
    """For every task and target, the complete trial of best quality within the target; empty cells if there is none.

    Vanilla and other methods that were run for comparison are left out.
    """
    limit = study.confirmation.target_of
    searched = _searched(frame)
    rows = []
    for task in study.tasks:
        for target in study.targets:
            within = searched[(searched["task"] == task) & (searched[limit].astype(float) <= target)]
            chosen = within.sort_values(["quality", "number"], ascending=[not rises, True]).head(1)
            found = chosen[["number", *parameters(study), *MEASURED]].to_dict("records")
            rows.append({"task": task, "target_of": limit, "target": target, **(found[0] if found else {})})
    columns = ["task", "target_of", "target", "number", *parameters(study), *MEASURED]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype(dict.fromkeys(MEASURED[1:], float))


def _searched(frame: pd.DataFrame) -> pd.DataFrame:
    complete = frame[frame["state"] == COMPLETE]
    return complete[complete["method"].isna()] if "method" in complete else complete
