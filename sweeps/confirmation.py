"""Results of the confirmation runs, from their records."""

import json
from typing import Any

import pandas as pd

from suite.analysis.statistics import over_seeds
from suite.records.run_folder import RunFolder
from sweeps.candidates import Candidate, candidates, confirmation_run
from sweeps.folder import StudyFolder
from sweeps.study import Study

COLUMNS = (
    "task candidate targets seed_count metric quality quality_low quality_high found_quality "
    "over_vanilla over_vanilla_low over_vanilla_high rate relative_bytes paths reason"
).split()


def confirmation_frame(study: Study, folder: StudyFolder, best: pd.DataFrame) -> pd.DataFrame:
    """One row per candidate: its quality over fresh seeds with a 95 % Student interval, and the quality found before.

    ``over_vanilla`` is its quality minus that of vanilla with the same seed, averaged over the seeds that both have.

    Args:
        study: the study.
        folder: its folder.
        best: rows of ``best.csv``.
    """
    rows: list[dict[str, Any]] = []
    vanilla: dict[str, dict[int, dict[str, Any]]] = {}
    for candidate in candidates(study, folder):
        summaries, faults = _summaries(study, folder, candidate)
        if candidate.is_vanilla:
            vanilla[candidate.task] = summaries
        row: dict[str, Any] = {"task": candidate.task, "candidate": candidate.name, "reason": "; ".join(faults) or None}
        if not candidate.is_vanilla:
            won = best[(best["task"] == candidate.task) & (best["number"] == int(candidate.name.removeprefix("trial")))]
            row |= {
                "targets": " ".join(f"{target:g}" for target in won["target"]),
                "found_quality": won["quality"].iloc[0],
            }
        if summaries:
            row |= _measured(folder, summaries, vanilla.get(candidate.task, {}), candidate)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(
    folder: StudyFolder,
    summaries: dict[int, dict[str, Any]],
    vanilla: dict[int, dict[str, Any]],
    candidate: Candidate,
) -> dict[str, Any]:
    metric = next(iter(summaries.values()))["metric"]["name"]
    quality = over_seeds([summary["final"][metric] for summary in summaries.values()])
    row = {
        "seed_count": len(summaries),
        "metric": metric,
        "quality": quality.value,
        "quality_low": quality.low,
        "quality_high": quality.high,
        **{name: over_seeds([s[name] for s in summaries.values()]).value for name in ("rate", "relative_bytes")},
        "paths": " ".join(summary["path"] for summary in summaries.values()),
    }
    both = sorted(summaries.keys() & vanilla.keys())
    if both and not candidate.is_vanilla:
        over = over_seeds([summaries[seed]["final"][metric] - vanilla[seed]["final"][metric] for seed in both])
        row |= {"over_vanilla": over.value, "over_vanilla_low": over.low, "over_vanilla_high": over.high}
    return row


def _summaries(study: Study, folder: StudyFolder, candidate: Candidate) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """Summaries by seed, each with its ``path`` below ``results/<scale>``, and a message for each missing one."""
    found, faults = {}, []
    for seed in study.confirmation.seeds:
        path = confirmation_run(study, folder, candidate, seed)
        run = RunFolder(path)
        if run.is_complete():
            below = str(path.relative_to(folder.results / folder.scale))
            found[seed] = json.loads(run.summary.read_text()) | {"path": below}
        else:
            faults.append(f"seed {seed} has not finished")
    return found, faults
