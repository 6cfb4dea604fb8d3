"""Tables of a study from its database.

Writes ``trials.csv``, ``pareto.csv``, ``importance.csv`` and ``best.csv``; all that comes after reads files alone.
"""

import json

import optuna
import pandas as pd

from suite.files import write_atomically
from sweeps.create import study_name
from sweeps.folder import StudyFolder
from sweeps.outcomes import MEASURED, best, front, importance, trial_frame
from sweeps.slots import tally
from sweeps.storage import explained, open_storage, storage_url
from sweeps.study import Study


def collect(folder: StudyFolder, storage: str | None = None) -> str:
    """Write the tables; returns the tally of the study's trials, as text."""
    study = folder.read_study()
    url = storage_url(folder, storage)
    with explained(url):
        found = optuna.load_study(study_name=study_name(folder), storage=open_storage(url, study.heartbeat))
        trials = found.get_trials(deepcopy=False)
        state = tally(found, study.trial_count(), study.heartbeat.retries)
        rises = "maximize" in [direction.name.lower() for direction in found.directions]
    write_table(folder, "trials", trial_frame(study, trials))
    for name, table in tables_from_trials(study, read_trials(folder), rises).items():
        write_table(folder, name, table)
    return str(state)


def tables_from_trials(study: Study, frame: pd.DataFrame, rises: bool) -> dict[str, pd.DataFrame]:
    """The tables that follow from ``trials.csv`` alone, by name.

    Args:
        study: the study.
        frame: of :func:`read_trials`.
        rises: whether a higher quality is better.
    """
    return {
        "pareto": front(study, frame, rises),
        "importance": importance(study, frame),
        "best": best(study, frame, rises),
    }


def read_trials(folder: StudyFolder) -> pd.DataFrame:
    """``trials.csv`` with parsed numbers; booleans stay strings."""
    cells = pd.read_csv(folder.path / "trials.csv", dtype=object)
    # dtype object keeps integers as integers in columns with empty cells.
    frame = pd.DataFrame({name: [_value(cell) for cell in cells[name]] for name in cells}, dtype=object)
    return frame.astype(dict.fromkeys(MEASURED[1:], float))


def _value(cell: object) -> object:
    if not isinstance(cell, str):  # NaN, which stands for an empty cell
        return None
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, as :func:`write_table` writes it."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def write_table(folder: StudyFolder, name: str, table: pd.DataFrame) -> None:
    """Write ``<name>.csv`` into the study's folder."""
    write_atomically(folder.path / f"{name}.csv", csv_text(table))
