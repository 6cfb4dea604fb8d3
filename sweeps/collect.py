"""Tables of a study from its database: ``python -m sweeps.collect study=nano_hash scale=nano [storage=URL]``.

Writes ``trials.csv``, ``pareto.csv``, ``importance.csv`` and ``best.csv``; all that comes after reads files alone.
"""

import optuna
import pandas as pd

from suite.files import write_atomically
from sweeps.create import study_name
from sweeps.folder import StudyFolder
from sweeps.options import Options, command, parse
from sweeps.outcomes import best, front, importance, trial_frame
from sweeps.slots import tally
from sweeps.storage import explained, open_storage, storage_url


def collect(folder: StudyFolder, storage: str | None = None) -> str:
    """Write the tables; returns what became of the study's trials, in words."""
    study = folder.read_study()
    url = storage_url(folder, storage)
    with explained(url):
        found = optuna.load_study(study_name=study_name(folder), storage=open_storage(url, study.heartbeat))
        trials = found.get_trials(deepcopy=False)
        state = tally(found, study.trial_count(), study.heartbeat.retries)
        rises = "maximize" in [direction.name.lower() for direction in found.directions]
    frame = trial_frame(study, trials)
    for name, table in {
        "trials": frame,
        "pareto": front(study, frame, rises),
        "importance": importance(study, frame),
        "best": best(study, frame, rises),
    }.items():
        write_table(folder, name, table)
    return str(state)


def write_table(folder: StudyFolder, name: str, table: pd.DataFrame) -> None:
    """Write ``<name>.csv`` into the study's folder."""
    write_atomically(folder.path / f"{name}.csv", table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def main(words: list[str]) -> None:
    """Collect what a study has found so far."""
    options = parse(Options, words)
    print(f"{options.folder.path}: {collect(options.folder, options.storage)}")


if __name__ == "__main__":
    command(main)
