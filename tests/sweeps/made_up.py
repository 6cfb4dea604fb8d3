"""Studies without training: made-up studies, and workers whose trials only sleep."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeps.create import create
from sweeps.folder import StudyFolder
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


if __name__ == "__main__":
    results, seconds = Path(sys.argv[1]), float(sys.argv[2])
    print(work(StudyFolder(results, "nano", "made_up"), run=sleeping(seconds), pause=0.1))
