"""The training command as a user meets it: results, resumption, and every way it refuses or fails."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from torch.distributed.checkpoint import format_utils

from suite.data.fetch import archive_path, cache_directory
from suite.data.registry import source
from suite.errors import UserError
from suite.training.train import train
from tests.program import PROGRAM

SHORT = [
    "method=lsh",
    "tracking=off",
    "task.training.nano.steps=12",
    "task.training.nano.eval_every=6",
    "task.training.nano.eval_examples=8",
    "+task.training.nano.final_examples=16",
    "task.training.nano.checkpoint_every=4",
]
HELD = ["method.target_rate=0.2"]  # a controller has a state, too
RUN = Path("nano/runs/gpt_moe/text_lm/lsh/seed0")


def start(results: Path, *overrides: str) -> subprocess.Popen[str]:
    command = [PROGRAM, "train", f"results={results}", *SHORT, *overrides]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )


def metrics(results: Path) -> list[dict[str, Any]]:
    """Metrics without times, which no two runs share."""
    lines = (results / RUN / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if "seconds" not in name} for line in lines]


def failure(results: Path) -> Any:
    """Why a run failed. It must have left no summary: Snakemake would take that for a finished run."""
    assert not (results / RUN / "summary.json").exists()
    return json.loads((results / RUN / "failure.json").read_text())["reason"]


def wait_for_steps(results: Path, steps: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        path = results / RUN / "metrics.jsonl"
        if path.exists() and path.read_text().count('"train"') >= steps:
            return
        time.sleep(0.05)
    raise AssertionError(f"{steps} steps did not come")


def ranks_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "suite.training.worker" in child.cmdline() and "RANK" in child.environ()]


def tensors(checkpoint: Path, folder: Path) -> dict[str, torch.Tensor]:
    format_utils.dcp_to_torch_save(checkpoint, folder / "whole.pt")
    found: dict[str, torch.Tensor] = {}

    def collect(prefix: str, value: Any) -> None:
        for name, inner in value.items():
            if isinstance(inner, dict):
                collect(f"{prefix}{name}/", inner)
            else:
                found[prefix + name] = inner

    collect("", torch.load(folder / "whole.pt", weights_only=True))
    return found


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    _, errors = (process := start(unbroken, *HELD)).communicate(timeout=120)
    assert process.returncode == 0, errors

    process = start(broken, *HELD)
    wait_for_steps(broken, 6)
    ranks = ranks_of(process)
    assert len(ranks) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _, alive = psutil.wait_procs(ranks, timeout=20)
    assert not alive, "ranks outlived their launcher"
    assert not (broken / RUN / "summary.json").exists()

    output, errors = (process := start(broken, *HELD)).communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "resuming after step 4" in output or "resuming after step 8" in output
    assert metrics(broken) == metrics(unbroken)
    assert all(line["held"]["all"]["setting"] for line in metrics(broken) if line["event"] == "train")
    one = tensors(unbroken / RUN / "checkpoint" / "step000012", tmp_path)
    other = tensors(broken / RUN / "checkpoint" / "step000012", tmp_path)
    assert one.keys() == other.keys() and len(one) > 50
    assert all(torch.equal(value, other[name]) for name, value in one.items())

    summary = json.loads((broken / RUN / "summary.json").read_text())
    assert summary["status"] == "complete" and summary["steps"] == 12
    assert summary["final"]["loss"] < metrics(broken)[0]["loss"], "the loss did not fall"
    assert [line["event"] for line in metrics(broken)[-2:]] == ["eval", "final"]
    assert summary["final"]["perplexity"] == metrics(broken)[-1]["perplexity"] != metrics(broken)[-2]["perplexity"]
    assert summary["held_out_examples"] == 16
    assert 0 < summary["rate"] <= 1
    assert len(json.loads((broken / RUN / "environment.json").read_text())["ranks"]) == 2

    output, _ = (process := start(broken, *HELD)).communicate(timeout=60)
    assert process.returncode == 0 and "already complete" in output
    _, errors = (process := start(broken, "task.training.nano.steps=14")).communicate(timeout=60)
    assert process.returncode == 2 and "another configuration" in errors and errors.count("\n") == 1


def test_a_dead_rank_ends_the_run_within_a_minute_with_the_reason(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_steps(tmp_path, 2)
    next(rank for rank in ranks_of(process) if rank.environ()["RANK"] == "1").kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "error: rank 1 was killed by SIGKILL; the same command resumes the run\n"
    assert metrics(tmp_path), "the record is gone"
    assert failure(tmp_path) == "rank 1 was killed by SIGKILL"


def test_values_that_are_not_finite_stop_the_run_and_keep_its_record(tmp_path: Path) -> None:
    process = start(tmp_path, "task.training.nano.optimizer.learning_rate=1e30")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "layer decoder." in errors and "rank " in errors and "NaN or infinite" in errors
    assert errors.count("\n") == 1
    assert "decoder." in failure(tmp_path)
    assert metrics(tmp_path)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["method=lhs"], ["method", "lsh"]),
        (["scale=nona"], ["scale", "nano"]),
        (["method=lsh", "method.reduction.coordinates=129"], ["coordinates", "128"]),
        (["cluster.ranks=3"], ["experts", "3"]),
        (["model.sizes.nano.top_k=9"], ["top_k", "8"]),
        (["results=/dev/null/results"], ["results", "cannot be written"]),
        (["seed=0"], ["movie_reviews", "corrupted", "SHA-256", "delete it"]),
    ],
)
def test_bad_input_is_one_line_before_any_rank_starts(
    overrides: list[str], words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("suite.training.train.launch", lambda *_: pytest.fail("ranks were started"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    archive = archive_path(source("movie_reviews"), cache_directory())
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"half an archive")
    with pytest.raises(UserError) as caught:
        train([f"results={tmp_path}", *overrides])
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)
