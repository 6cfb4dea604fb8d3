"""A launcher and its ranks for the launch tests: ``python -m tests.suite.cluster.launch_jobs CLUSTER|HOW FOLDER``."""

import os
import signal
import sys
import time
from pathlib import Path

from suite.cluster.launch import launch, reporting_failure
from suite.cluster.processes import die_with_parent
from suite.config.compose import compose
from suite.errors import exit_on_error
from suite.files import write_atomically

CLUSTERS = {name: compose([f"cluster={name}"]).cluster for name in ("loopback", "lab")}


def rank_body(how: str, folder: Path) -> None:
    """Rank 1 ends as ``how`` says, while rank 0 sleeps."""
    rank = int(os.environ["RANK"])
    die_with_parent()
    write_atomically(folder / f"rank{rank}.pid", str(os.getpid()))
    with reporting_failure(folder, rank):
        if rank == 1 and how == "raise":
            raise ValueError("two\n  lines")
        if rank == 1 and how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if rank == 1 and how == "exit":
            os._exit(3)
        if how != "finish":
            time.sleep(300)


if __name__ == "__main__":
    mode, place = sys.argv[1], Path(sys.argv[2])
    if mode in CLUSTERS:
        with exit_on_error():
            launch("tests.suite.cluster.launch_jobs", ["sleep", str(place)], CLUSTERS[mode], place)
    else:
        rank_body(mode, place)
