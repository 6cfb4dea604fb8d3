"""Studies without training: made-up studies, and workers whose trials only sleep."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from sweeps.create import create
from sweeps.folder import StudyFolder
from sweeps.storage import open_storage, storage_url
from sweeps.study import Study
from sweeps.trial import Outcome, TrialFailed
from sweeps.work import work

SPACE = {"num_hashes": {"low": 1, "high": 12}, "bucket_bits": {"low": 1, "high": 6}, "rotation": ["orthogonal", "hd3"]}


def study(**changes: Any) -> Study:
    values = {
        "name": "made_up",
        "summary": "nothing is trained",
        "scale": "nano",
        "model": "gpt_moe",
        "tasks": ["text_lm"],
        "sampler": "tpe",
        "trials": 8,
        "space": SPACE,
        "heartbeat": {"interval": 1, "grace": 2},
    }
    return Study.model_validate(values | changes)


def created(results: Path, storage: str | None = None, **changes: Any) -> StudyFolder:
    made = study(**changes)
    folder = StudyFolder(results, "nano", made.name)
    create(made, folder, ["minimize"] * len(made.objectives), storage)
    return folder


def known(study: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
    """More functions and buckets: better, and more bytes. Slot 3's run fails."""
    if slot == 3:
        raise TrialFailed("rank 1 was killed by SIGKILL")
    amount = float(point["num_hashes"] * point["bucket_bits"])
    values = {"quality": 100 - amount, "relative_bytes": amount / 72}
    return Outcome(list(values.values()), values | {"metric": "perplexity", "rate": amount / 144, "path": f"run{slot}"})


def sleeping(seconds: float) -> Any:
    def run(study: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
        (folder.path / f"begun{slot}").touch()
        time.sleep(seconds)
        return Outcome([1.0, 1.0], {})

    return run


def worker(results: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a worker on the made-up study whose trials sleep for ``seconds``."""
    command = [sys.executable, "-m", "tests.sweeps.made_up", str(results), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    """Wait until a file is there; a minute at most."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def trials_of(folder: StudyFolder, storage: str | None = None) -> list[FrozenTrial]:
    """All trials of the made-up study, as its database has them."""
    opened = open_storage(storage_url(folder, storage), folder.read_study().heartbeat)
    return optuna.load_study(study_name="nano/made_up", storage=opened).get_trials(deepcopy=False)


if __name__ == "__main__":
    results, seconds = Path(sys.argv[1]), float(sys.argv[2])
    print(work(StudyFolder(results, "nano", "made_up"), run=sleeping(seconds), pause=0.1))
