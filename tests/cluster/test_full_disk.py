"""A disk that fills up ends a run with the reason; with room again, the same command finishes it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.project import Project

# A checkpoint of the nano model takes about 40 MB.
TOO_SMALL, ENOUGH = "24m", "400m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TOO_SMALL}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip(f"no disk to fill: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_named_and_leaves_no_result(disk: Path, project: Project) -> None:
    # The mirror may still read records when the run has ended, and a disk in use cannot be taken away.
    command = ("train", "method=lsh", f"results={disk}", "tracking=off")
    full = project.lshmoe_bench(*command)
    summary = disk / "nano/runs/gpt_moe/text_lm/lsh/seed0/summary.json"
    assert full.returncode == 1
    assert full.stderr == (
        f"error: no space is left on the disk of {summary.parent}; make room there; the same command resumes the run\n"
    )
    assert not summary.exists()

    subprocess.run(["mount", "-o", f"remount,size={ENOUGH}", disk], check=True)
    again = project.lshmoe_bench(*command)
    assert again.returncode == 0, again.stderr
    assert summary.exists()
