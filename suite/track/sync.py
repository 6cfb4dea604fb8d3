"""Records of one scale replayed into MLflow, each once, however often that is asked for."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from suite.records import RunFolder
from suite.track.mirror import mirror
from suite.track.records import read_run, read_speed
from suite.track.store import Store, connect

RUNS = ("runs/*/*/*/seed*", "sweeps/*/*/*/*/runs/*/*/*/seed*")


@dataclass
class Tally:
    """What a replay came to."""

    updated: int = 0
    unchanged: int = 0
    skipped: int = 0


def sync(root: Path, scale: str) -> Tally:
    """Mirror every run, those of studies too, and every speed measurement of ``scale`` below ``root``.

    What cannot be mirrored is named on stderr.

    Raises:
        UserError: MLflow cannot be reached.
    """
    store, folder, tally = connect(root, scale), root / scale, Tally()
    for path in sorted(path for pattern in RUNS for path in folder.glob(pattern)):
        with _tolerated(path, tally), FileLock(path / ".tracking.lock", timeout=0):
            _mirror_run(store, RunFolder(path), root, tally)
    for path in sorted(folder.glob("speed/*/*/*.json")):
        with _tolerated(path, tally):
            _count(tally, mirror(store, read_speed(path, root)))
    return tally


def _mirror_run(store: Store, folder: RunFolder, root: Path, tally: Tally) -> None:
    if record := read_run(folder, root, over=True):
        _count(tally, mirror(store, record))


def _count(tally: Tally, updated: bool) -> None:
    tally.updated += updated
    tally.unchanged += not updated


@contextmanager
def _tolerated(path: Path, tally: Tally) -> Iterator[None]:
    """A record that is at fault, or that another process is mirroring, costs itself only."""
    try:
        yield
    except Timeout:
        print(f"left to the process that mirrors it: {path}", file=sys.stderr)
        tally.skipped += 1
    except (OSError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        print(f"not mirrored: {path}: {type(error).__name__}: {error}", file=sys.stderr)
        tally.skipped += 1
