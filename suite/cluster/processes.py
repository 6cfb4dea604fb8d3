"""How processes end: with their parent, by a signal, and with a written reason if they fail."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from suite.files import write_atomically
from suite.records.schema.base import as_json
from suite.records.schema.failure import Failure

_PR_SET_PDEATHSIG = 1
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INIT = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, so that no rank outlives a launcher that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == _INIT:  # the parent died before the call
            os._exit(1)


def write_reason(path: Path, reason: str) -> None:
    """Write in one line why ranks failed, for the process that started them."""
    write_atomically(path, as_json(Failure(reason=reason), indent=None))


@contextmanager
def on_stop(act: Callable[[int], None]) -> Iterator[list[int]]:
    """Within the context, SIGINT, SIGTERM and SIGHUP call ``act(number of signals so far)``; yields these signals."""
    received: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        received.append(number)
        act(len(received))

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
