"""Ranks end together: with a reason, on request, and when their launcher is gone."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from suite.cluster.launch import launch
from suite.errors import RunError
from tests.suite.cluster.lab.needs import needs_lab
from tests.suite.cluster.launch_jobs import CLUSTERS

JOBS = "tests.suite.cluster.launch_jobs"


def pids(folder: Path) -> list[int]:
    return [int(path.read_text()) for path in sorted(folder.glob("rank*.pid"))]


def start_launcher(folder: Path, cluster: str) -> subprocess.Popen[str]:
    """A launcher with two sleeping ranks."""
    command = [sys.executable, "-m", JOBS, cluster, str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(pids(folder)) < 2:
        assert time.monotonic() < deadline and process.poll() is None, "the ranks did not start"
        time.sleep(0.05)
    return process


def assert_gone(numbers: list[int]) -> None:
    ranks = [psutil.Process(number) for number in numbers if psutil.pid_exists(number)]
    _, alive = psutil.wait_procs(ranks, timeout=10)
    assert not alive, "ranks outlived their launcher"


def test_success_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    launch(JOBS, ["finish", str(tmp_path)], CLUSTERS["loopback"], tmp_path)
    assert len(pids(tmp_path)) == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("cluster", "how", "reason"),
    [
        ("loopback", "raise", "rank 1: ValueError: two lines"),
        ("loopback", "killed", "rank 1 was killed by SIGKILL"),
        ("loopback", "exit", "rank 1 ended with exit code 3 and no reason; see "),
        pytest.param("lab", "raise", "rank 1: ValueError: two lines", marks=needs_lab),
    ],
)
def test_a_rank_that_fails_ends_the_others_and_gives_the_reason(
    tmp_path: Path, cluster: str, how: str, reason: str
) -> None:
    with pytest.raises(RunError) as caught:
        launch(JOBS, [how, str(tmp_path)], CLUSTERS[cluster], tmp_path)
    assert str(caught.value).startswith(reason) and "\n" not in str(caught.value)
    assert json.loads((tmp_path / "failure.json").read_text()) == {"reason": str(caught.value)}
    assert_gone(pids(tmp_path))


@pytest.mark.parametrize(
    ("cluster", "number", "code"),
    [
        ("loopback", signal.SIGTERM, 143),
        ("loopback", signal.SIGINT, 130),
        pytest.param("lab", signal.SIGTERM, 143, marks=needs_lab),
    ],
)
def test_a_launcher_that_is_asked_to_end_ends_its_ranks_first(
    tmp_path: Path, cluster: str, number: signal.Signals, code: int
) -> None:
    process = start_launcher(tmp_path, cluster)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors == f"error: stopped by {number.name}\n"
    assert not (tmp_path / "failure.json").exists(), "a stopped run has not failed"
    assert_gone(pids(tmp_path))


@pytest.mark.parametrize("cluster", ["loopback", pytest.param("lab", marks=needs_lab)])
def test_ranks_die_with_a_launcher_that_was_killed(tmp_path: Path, cluster: str) -> None:
    process = start_launcher(tmp_path, cluster)
    process.kill()
    process.wait()
    assert_gone(pids(tmp_path))
