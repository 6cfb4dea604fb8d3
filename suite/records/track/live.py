"""Records mirrored as they grow, by a process of its own that takes only the processor time nobody else wants.

That process, ``python -m suite.records.track.live ROOT SCALE [RUN_FOLDER]``, ends by itself after whoever started it;
nobody waits for it.
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

LOG = "tracking.log"  # what went wrong; in the run's folder, or with the scale's logs
SECONDS_BETWEEN_LOOKS = 5.0
# Of its own time, what a look may take: long records are looked at less often.
SHARE = 0.02
SECONDS_AFTER_THE_END = 120


@contextmanager
def mirrored(results: Path, scale: str, run: Path | None = None) -> Iterator[None]:
    """Mirror while the block lasts. Whatever goes wrong with that is one printed line.

    Args:
        results: the folder that holds the scale, and the mirror's database.
        scale: whose records are mirrored.
        run: the folder of the one run to mirror instead of all.
    """
    log = (run or results / scale / "logs") / LOG
    command = [sys.executable, "-m", "suite.records.track.live", str(results), scale, *([str(run)] if run else [])]
    process = None
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        # Its standard input ends with this process, however that ends. It holds nothing else of it: whoever reads this
        # process's output need not wait for the mirror.
        with log.open("w") as messages:
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
                if reason := log.read_text().strip():
                    _complain(scale, reason)


def _complain(scale: str, reason: str) -> None:
    print(f"tracking: {reason}; the records are whole, mirror them later: lshmoe-bench track sync scale={scale}")


def main(root: Path, scale: str, run: Path | None) -> None:
    """Look every few seconds until standard input ends, and once more then; say on stdout what fails."""
    _step_back()
    from suite.records.track.sync import Replay  # takes seconds

    replay, complaint, ended, spent = Replay(root, scale, run), "", False, 0.0
    while not ended:
        ended = bool(select.select([sys.stdin], [], [], max(SECONDS_BETWEEN_LOOKS, spent / SHARE))[0])
        if ended:
            signal.alarm(SECONDS_AFTER_THE_END)
        began = time.thread_time()
        try:
            faults = replay.update(over=ended).faults
        except Exception as error:  # of whatever kind: the next look may succeed
            faults = [f"{type(error).__name__}: {error}"]
        if faults and not complaint:
            complaint = " ".join(faults[0].split())
            print(complaint, flush=True)
        spent = time.thread_time() - began


def _step_back() -> None:
    """Run only where nothing else wants to."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if sys.argv[3:] else None)
