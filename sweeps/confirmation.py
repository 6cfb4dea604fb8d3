"""Results of the confirmation runs, from their records."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from suite.analysis.statistics import over_seeds
from suite.records.run_folder import RunFolder
from suite.records.schema.summary import Summary
from sweeps.candidates import Candidate, candidates, confirmation_run
from sweeps.folder import StudyFolder
from sweeps.study import Study

COLUMNS = (
    "task candidate targets seed_count metric quality quality_low quality_high found_quality "
    "over_vanilla over_vanilla_low over_vanilla_high rate relative_bytes paths reason"
).split()


@dataclass(frozen=True)
class Confirmed:
    """A finished confirmation run; ``path`` is relative to ``results/<scale>``."""

    summary: Summary
    path: str


def confirmation_frame(study: Study, folder: StudyFolder, best: pd.DataFrame) -> pd.DataFrame:
    """One row per candidate: its quality over fresh seeds with a 95 % Student interval, and the quality found before.

    ``over_vanilla`` is its quality minus that of vanilla with the same seed, averaged over the seeds that both have.

    Args:
        study: the study.
        folder: its folder.
        best: rows of ``best.csv``.
    """
    rows: list[dict[str, Any]] = []
    vanilla: dict[str, dict[int, Confirmed]] = {}
    for candidate in candidates(study, folder):
        confirmed, faults = _confirmed(study, folder, candidate)
        if candidate.is_vanilla:
            vanilla[candidate.task] = confirmed
        row: dict[str, Any] = {"task": candidate.task, "candidate": candidate.name, "reason": "; ".join(faults) or None}
        if not candidate.is_vanilla:
            won = best[(best["task"] == candidate.task) & (best["number"] == int(candidate.name.removeprefix("trial")))]
            row |= {
                "targets": " ".join(f"{target:g}" for target in won["target"]),
                "found_quality": won["quality"].iloc[0],
            }
        if confirmed:
            row |= _measured(confirmed, vanilla.get(candidate.task, {}), candidate)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(confirmed: dict[int, Confirmed], vanilla: dict[int, Confirmed], candidate: Candidate) -> dict[str, Any]:
    summaries = [run.summary for run in confirmed.values()]
    metric = summaries[0].metric.name
    quality = over_seeds([summary.final[metric] for summary in summaries])
    row = {
        "seed_count": len(summaries),
        "metric": metric,
        "quality": quality.value,
        "quality_low": quality.low,
        "quality_high": quality.high,
        **{
            name: over_seeds([getattr(summary, name) for summary in summaries]).value
            for name in ("rate", "relative_bytes")
        },
        "paths": " ".join(run.path for run in confirmed.values()),
    }
    both = sorted(confirmed.keys() & vanilla.keys())
    if both and not candidate.is_vanilla:
        over = over_seeds(
            [confirmed[seed].summary.final[metric] - vanilla[seed].summary.final[metric] for seed in both]
        )
        row |= {"over_vanilla": over.value, "over_vanilla_low": over.low, "over_vanilla_high": over.high}
    return row


def _confirmed(study: Study, folder: StudyFolder, candidate: Candidate) -> tuple[dict[int, Confirmed], list[str]]:
    """Finished runs by seed, and what is missing."""
    found, faults = {}, []
    for seed in study.confirmation.seeds:
        path = confirmation_run(study, folder, candidate, seed)
        run = RunFolder(path)
        if run.is_complete():
            found[seed] = Confirmed(run.read_summary(), str(path.relative_to(folder.results / folder.scale)))
        else:
            faults.append(f"seed {seed} has not finished")
    return found, faults
