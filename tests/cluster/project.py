"""A copy of the project whose nano runs are short, to run Snakemake in."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.program import lshmoe_bench

ROOT = Path(__file__).parent.parent.parent
PARTS = ("Snakefile", "profiles", "suite", "baselines", "lshmoe", "sweeps", "requirements")
SHORT = {"steps": 40, "eval_every": 20, "eval_examples": 8, "checkpoint_every": 5}
SELECTED = ("models=gpt_moe", "tasks=text_lm", "methods=vanilla,lsh")
# What no two runs of the same settings share, or says on what they ran.
PLACE_AND_TIME = ("seconds", "memory", "cluster", "config_sha256", "git_commit")


class Project:
    """The copy in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        folder.mkdir(parents=True)
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            elif (ROOT / part).exists():
                shutil.copy(ROOT / part, folder)
        task = folder / "suite" / "conf" / "task" / "text_lm.yaml"
        values = yaml.safe_load(task.read_text())
        values["training"]["nano"] |= SHORT
        task.write_text(yaml.safe_dump(values))

    def start(
        self,
        *arguments: str,
        config: tuple[str, ...] = SELECTED,
        environment: dict[str, str] | None = None,
        mirrored: bool = False,
    ) -> subprocess.Popen[str]:
        """Start Snakemake, on both of its streams at once; unless ``mirrored``, MLflow hears nothing of it."""
        hooks = [] if mirrored else ["--no-hooks"]
        command = [sys.executable, "-m", "snakemake", *arguments, *hooks, "--config", *config]
        environment = (environment or dict(os.environ)) | {"PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def snakemake(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end, with options of :meth:`start`."""
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def close(self) -> None:
        """End what a test that failed has left at work."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def lshmoe_bench(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the copy, without Snakemake."""
        environment = os.environ | {"PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        return lshmoe_bench(*words, cwd=self.folder, env=environment, timeout=180)

    def run(self, method: str) -> Path:
        """The folder of a run."""
        return self.folder / "results" / "nano" / "runs" / "gpt_moe" / "text_lm" / method / "seed0"

    def steps(self, method: str) -> int:
        """How many steps a run has taken so far."""
        path = self.run(method) / "metrics.jsonl"
        return path.read_text().count('"train"') if path.exists() else 0

    def record(self, method: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A finished run's metrics and summary, without place and time."""
        metrics = (self.run(method) / "metrics.jsonl").read_text().splitlines()
        summary = json.loads((self.run(method) / "summary.json").read_text())
        return [_lasting(json.loads(line)) for line in metrics], _lasting(summary)


def _lasting(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.items()
        if not any(word in name for word in PLACE_AND_TIME) and name != "examples_per_second"
    }
