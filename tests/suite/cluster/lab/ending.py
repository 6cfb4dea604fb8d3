"""Ways in which a lab ends."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.cluster.lab.registry import Registry, State

LINK_DOWN = re.compile(r"^lab: the link a2a1 went down; the ranks were ended$")


def end(state: State, number: signal.Signals) -> None:
    """Send the lab's keeper a signal and wait until it is gone."""
    os.kill(state.pid, number)
    while state.is_alive():
        time.sleep(0.005)


def labs_of(folder: Path) -> list[State]:
    """Living labs whose ranks work in ``folder``."""
    return [
        state for state in Registry.of_user().living() if str(folder) in Path(f"/proc/{state.pid}/cmdline").read_text()
    ]


@contextmanager
def cut_link_once_started(folder: Path) -> Iterator[list[float]]:
    """Take the link of the lab in ``folder`` down once its ranks have exchanged; the list gets the moment of it."""
    moments: list[float] = []

    def cut() -> None:
        while not (folder / "started").exists():
            time.sleep(0.1)
        (lab,) = labs_of(folder)
        subprocess.run([*lab.entry("server1"), "ip", "link", "set", "dev", "a2a", "down"], check=True)
        moments.append(time.monotonic())

    threading.Thread(target=cut, daemon=True).start()
    yield moments
