"""Records of one scale, or of one run, into MLflow: each once, however often that is asked for."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from suite.records.run_folder import RunFolder
from suite.records.track.mirror import mirror
from suite.records.track.records import Mirrored, read_run, read_speed
from suite.records.track.store import connect

RUNS = ("runs/*/*/*/seed*", "sweeps/*/*/*/*/runs/*/*/*/seed*")
# How long other processes may take for a record of theirs before one is left out.
_PATIENCE_SECONDS = 10.0


@dataclass
class Tally:
    """What a look came to."""

    updated: int = 0
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)  # of records that were left out


class Replay:
    """Records brought into MLflow, as often as :meth:`update` is called.

    Args:
        root: the results folder.
        scale: every run of it, those of studies too, and every speed measurement is mirrored.
        run: the folder of the one run to mirror instead.
    """

    def __init__(self, root: Path, scale: str, run: Path | None = None) -> None:
        self.root, self.scale, self.run = root, scale, run
        # Files as they were when they were mirrored; what has not changed is not read again.
        self._seen: dict[Path, list[object]] = {}

    def update(self, over: bool) -> Tally:
        """Mirror what is new.

        Args:
            over: whether nobody is at work any more on runs that are not complete.

        Raises:
            UserError: MLflow cannot be reached.
        """
        store, tally = None, Tally()
        for path, files, read in self._records(over):
            state = [over, *((file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists())]
            if self._seen.get(path) == state:
                tally.unchanged += 1
                continue
            store = store or connect(self.root, self.scale)
            with _tolerated(path, tally), FileLock(self.root / ".mirror.lock", timeout=_PATIENCE_SECONDS):
                if record := read():
                    updated = mirror(store, record)
                    tally.updated += updated
                    tally.unchanged += not updated
                self._seen[path] = state
        return tally

    def _records(self, over: bool) -> Iterator[tuple[Path, tuple[Path, ...], Callable[[], Mirrored | None]]]:
        folder = self.root / self.scale
        runs = sorted(path for pattern in RUNS for path in folder.glob(pattern))
        for run in map(RunFolder, [self.run] if self.run else runs):
            yield run.path, (run.metrics, run.summary, run.failure), partial(read_run, run, self.root, over)
        for path in sorted(folder.glob("speed/*/*/*.json")) if self.run is None else ():
            yield path, (path,), partial(read_speed, path, self.root)


@contextmanager
def _tolerated(path: Path, tally: Tally) -> Iterator[None]:
    """A record that is at fault, or whose turn does not come, costs itself only."""
    try:
        yield
    except Timeout:
        tally.faults.append(f"left out, other processes are mirroring: {path}")
    except (OSError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        tally.faults.append(f"not mirrored: {path}: {type(error).__name__}: {error}")
