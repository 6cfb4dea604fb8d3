"""A run's folder: everything it leaves behind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from filelock import FileLock, Timeout

from suite.config.digest import config_sha256
from suite.config.run import RunConfig
from suite.config.validation import from_yaml, to_yaml
from suite.errors import UserError
from suite.files import write_atomically
from suite.records.checkout import git_commit
from suite.records.reading import RecordError, read_metrics, read_record
from suite.records.schema.base import as_json
from suite.records.schema.metrics import AnyLine
from suite.records.schema.summary import Summary


class RunFolder:
    """``results/<scale>/runs/<model>/<task>/<method>/seed<k>``.

    Attributes:
        config: ``config.yaml``, fully resolved.
        environment: ``environment.json``, one entry per rank.
        metrics: ``metrics.jsonl``, one line per step and per evaluation, appended as the run goes.
        checkpoints: ``checkpoint/``, the newest whole one.
        captures: ``captures/``, samples of rows, if the run was asked for them.
        summary: ``summary.json``, written last: there is one if and only if the run is complete.
        failure: ``failure.json``, the ``reason`` why the last attempt failed; left by the launcher.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.environment = path / "environment.json"
        self.metrics = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoint"
        self.captures = path / "captures"
        self.summary = path / "summary.json"
        self.failure = path / "failure.json"

    @classmethod
    def of(cls, config: RunConfig) -> "RunFolder":
        """The folder of a run."""
        names = (config.model.name, config.task.name, config.method.name, f"seed{config.seed}")
        return cls(config.results / config.scale.name / "runs" / Path(*names))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and hold it against other processes; it is released when this one ends, however it ends.

        Raises:
            UserError: if the folder cannot be written, or another process is at work in it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=self.path).close()
            lock = FileLock(self.path / ".lock").acquire(blocking=False)
        except Timeout:
            raise UserError(
                f"results: another process is running {self.path}; wait for it, or choose results=FOLDER"
            ) from None
        except OSError as error:
            raise UserError(
                f"results: {self.path} cannot be written ({error.strerror}); choose results=FOLDER"
            ) from None
        with lock:
            yield

    def begin(self, config: RunConfig) -> bool:
        """Make the folder ready to start or to resume ``config``; returns whether the run is complete already.

        A summary that cannot be read is dropped.

        Raises:
            UserError: if the folder holds a checkpoint or a result of another configuration.
        """
        complete = self.is_complete()
        if (complete or any(self.checkpoints.glob("step*"))) and self._recorded_sha256() != config_sha256(config):
            raise UserError(
                f"checkpoint: {self.path} was begun with another configuration; "
                "remove that folder to start afresh, or choose results=FOLDER"
            )
        if not complete:
            write_atomically(self.config, to_yaml(config))
            self.summary.unlink(missing_ok=True)
        return complete

    def append(self, line: AnyLine) -> None:
        """Append a metrics line; it is the operating system's when this returns, so killing the run keeps it."""
        with self.metrics.open("a") as file:
            file.write(as_json(line, indent=None))

    def read_metrics(self) -> list[AnyLine]:
        """All metrics lines, in order.

        Raises:
            RecordError: a line is at fault.
        """
        return list(read_metrics(self.metrics))

    def rewind(self, step: int) -> None:
        """Forget metrics after ``step`` (all of them for 0): a resumed run writes them anew."""
        kept: list[str] = []
        for text in self.metrics.read_text().splitlines() if step else []:
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                break  # the killed run's last, half-written line
            if line["step"] <= step:
                kept.append(text + "\n")
        write_atomically(self.metrics, "".join(kept))

    def finish(self, summary: Summary) -> None:
        """Write the summary of a complete run, last and whole."""
        write_atomically(self.summary, as_json(summary, indent=2))

    def read_summary(self) -> Summary:
        """The summary of a complete run.

        Raises:
            UserError: it is missing, damaged or another version's.
        """
        try:
            return read_record(self.summary, Summary)
        except RecordError as error:
            raise UserError(f"results: {self.path}: {error}; remove that folder to have the run made anew") from None

    def is_complete(self) -> bool:
        """Whether the run has finished. An unreadable summary is none: making it anew takes seconds."""
        try:
            return bool(json.loads(self.summary.read_text())["status"] == "complete")
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            return False

    def _recorded_sha256(self) -> str | None:
        try:
            return config_sha256(from_yaml(self.config.read_text()))
        except (FileNotFoundError, UserError):  # lost, or written by another version of the suite
            return None


def identity(config: RunConfig) -> dict[str, Any]:
    """The part of a summary that says which run it is."""
    return {
        "model": config.model.name,
        "task": config.task.name,
        "method": config.method.name,
        "seed": config.seed,
        "seeds": {stream: config.root_seed(stream) for stream in ("model", "data", "hash")},
        "scale": config.scale.name,
        "cluster": config.cluster.name,
        "config_sha256": config_sha256(config),
        "git_commit": git_commit(),
    }
