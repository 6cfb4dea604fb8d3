"""Do studies still say what their trials' records say?

Every trial is held against the record of its run; tables and reports are computed anew. Hashes are the business of
`suite.report.verify`.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from suite.errors import UserError
from suite.records.run_folder import RunFolder
from sweeps.collect import csv_text, read_trials, tables_from_trials
from sweeps.folder import StudyFolder
from sweeps.outcomes import COMPLETE, MEASURED
from sweeps.report import read_tables, report_markdown
from sweeps.study import Study
from sweeps.trial import higher_is_better, outcome


def verify(folder: StudyFolder) -> list[str]:
    """Mismatches of a reported study with its records, one line each; empty if there are none."""
    study = folder.read_study()
    found: list[str] = []
    try:
        found += _against_records(study, folder, read_trials(folder))
        found += _rebuilt(study, folder)
    except FileNotFoundError as error:
        found.append(f"missing: {Path(error.filename).relative_to(folder.path)}")
    except UserError as error:
        found.append(str(error))
    return [f"{folder.path.name}: {line}" for line in found]


def _rebuilt(study: Study, folder: StudyFolder) -> list[str]:
    """Tables and report that differ when they are computed again."""
    rises = higher_is_better(study)
    derived = tables_from_trials(study, read_trials(folder), rises)
    tables = read_tables(study, folder)
    fresh = {f"{name}.csv": csv_text(table) for name, table in derived.items()}
    fresh["confirmation.csv"] = csv_text(tables["confirmation"])
    fresh["report.md"] = report_markdown(study, tables, rises)
    return [f"differs when rebuilt: {name}" for name, text in fresh.items() if (folder.path / name).read_text() != text]


def _against_records(study: Study, folder: StudyFolder, trials: pd.DataFrame) -> Iterator[str]:
    for row in trials[trials["state"] == COMPLETE].to_dict("records"):
        run = RunFolder(folder.results / folder.scale / row["path"])
        if not run.is_complete():
            yield f"trial {row['number']}: no record in {row['path']}"
            continue
        recorded = outcome(study, run).attributes
        for name in (name for name in MEASURED[1:] if recorded.get(name) is not None):
            if f"{row[name]:.6g}" != f"{recorded[name]:.6g}":
                yield f"trial {row['number']}: {name} is {row[name]:.6g}, its record says {recorded[name]:.6g}"


def reported(folder: Path) -> list[StudyFolder]:
    """Studies of a scale's results folder that were reported."""
    names = (path.parent.name for path in sorted(folder.glob("sweeps/*/report.md")))
    return [StudyFolder(folder.parent, folder.name, name) for name in names]
