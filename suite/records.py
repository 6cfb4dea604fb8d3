"""A run's folder: everything it leaves behind (see docs for the meaning of each file)."""

import json
from pathlib import Path
from typing import Any

from suite.config import config_sha256, from_yaml, to_yaml
from suite.errors import UserError
from suite.files import write_atomically
from suite.schema import RunConfig


class RunFolder:
    """``results/<scale>/runs/<model>/<task>/<method>/seed<k>``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.environment = path / "environment.json"
        self.metrics = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoint"
        self.summary = path / "summary.json"

    @classmethod
    def of(cls, config: RunConfig) -> "RunFolder":
        """The folder of a run."""
        names = (config.model.name, config.task.name, config.method.name, f"seed{config.seed}")
        return cls(config.results / config.scale.name / "runs" / Path(*names))

    def open(self, config: RunConfig) -> bool:
        """Make the folder ready for ``config``; returns whether the run is complete already.

        Raises:
            UserError: if the folder cannot be written, or holds a checkpoint or a result of another configuration.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path / ".writable", "")
            (self.path / ".writable").unlink()
        except OSError as error:
            raise UserError(
                f"results: {self.path} cannot be written ({error.strerror}); choose results=FOLDER"
            ) from None
        begun = self.config.exists() and (self.checkpoints.exists() or self.summary.exists())
        if begun and config_sha256(from_yaml(self.config.read_text())) != config_sha256(config):
            raise UserError(
                f"checkpoint: {self.path} was begun with another configuration; "
                "remove that folder to start afresh, or choose results=FOLDER"
            )
        write_atomically(self.config, to_yaml(config))
        return self.summary.exists() and json.loads(self.summary.read_text()).get("status") == "complete"

    def append(self, *lines: dict[str, Any]) -> None:
        """Append metrics lines, each on disk when this returns."""
        with self.metrics.open("a") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))

    def read_metrics(self) -> list[dict[str, Any]]:
        """All metrics lines, in order."""
        return [json.loads(text) for text in self.metrics.read_text().splitlines()]

    def rewind(self, step: int) -> None:
        """Forget metrics after ``step``: a resumed run writes them anew."""
        if not self.metrics.exists():
            return
        kept = []
        for text in self.metrics.read_text().splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                break  # the killed run's last, half-written line
            if line["step"] <= step:
                kept.append(text + "\n")
        write_atomically(self.metrics, "".join(kept) if step > 0 else "")

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the summary, last and whole."""
        write_atomically(self.summary, json.dumps(summary, indent=2) + "\n")
