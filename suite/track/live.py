"""A run mirrored as it goes, by a process of its own that takes only the processor time nobody else wants.

That process, ``python -m suite.track.live RUN_FOLDER ROOT SCALE``, ends by itself after the run; nobody waits for it.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOG = "tracking.log"  # in the run's folder: what went wrong
SECONDS_BETWEEN_LOOKS = 5.0
# Of its own time, what a look may take: a long record is looked at less often.
SHARE = 0.05
SECONDS_AFTER_THE_RUN = 120


@contextmanager
def mirrored(folder: Path, results: Path, scale: str) -> Iterator[None]:
    """Mirror the run in ``folder`` while the block lasts. Whatever goes wrong with that is one printed line.

    Args:
        folder: the run's, held by this process.
        results: the folder that holds the run's scale, and the mirror's database.
        scale: the run's.
    """
    command = [sys.executable, "-m", "suite.track.live", *map(str, (folder, results, scale))]
    process = None
    try:
        # Its standard input ends with this process, however that ends. It holds nothing else of it: whoever reads the
        # run's output need not wait for the mirror.
        with (folder / LOG).open("w") as messages:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=messages, stderr=subprocess.DEVNULL, start_new_session=True
            )
    except OSError as error:
        _complain(scale, str(error))
    try:
        yield
    finally:
        if process and process.stdin:
            process.stdin.close()
            with suppress(OSError):
                if reason := (folder / LOG).read_text().strip():
                    _complain(scale, reason)


def _complain(scale: str, reason: str) -> None:
    print(f"tracking: {reason}; the record is whole, mirror it later: python -m suite.track sync scale={scale}")


def main(folder: Path, root: Path, scale: str) -> None:
    """Look at the run every few seconds until standard input ends, and once more then; say on stdout what fails."""
    _step_back()
    from filelock import FileLock

    complained = ended = False
    spent = 0.0
    with FileLock(folder / ".tracking.lock"):  # the attempt before may not have been mirrored to its end yet
        while not ended:
            ended = bool(select.select([sys.stdin], [], [], max(SECONDS_BETWEEN_LOOKS, spent / SHARE))[0])
            if ended:
                signal.alarm(SECONDS_AFTER_THE_RUN)
            began = time.thread_time()
            try:
                _look(folder, root, scale, over=ended)
            except Exception as error:  # of whatever kind: the next look may succeed
                if not complained:
                    print(" ".join(f"{type(error).__name__}: {error}".split()), flush=True)
                complained = True
            spent = time.thread_time() - began


def _look(folder: Path, root: Path, scale: str, over: bool) -> None:
    from suite.records import RunFolder
    from suite.track.records import read_run

    if record := read_run(RunFolder(folder), root, over):
        from suite.track.mirror import mirror  # takes seconds the first time
        from suite.track.store import connect

        mirror(connect(root, scale), record)


def _step_back() -> None:
    """Run only where nothing else wants to."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
