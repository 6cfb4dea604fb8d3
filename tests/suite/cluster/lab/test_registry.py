import os
import subprocess

import pytest

from suite.cluster.lab.layout import Layout
from suite.cluster.lab.registry import Registry, State, start_tick
from suite.errors import UserError


def state(lab: str, pid: int, started: int | None) -> State:
    assert started is not None
    return State(lab, pid, started, False, Layout(2, 1), {"switch": 3})


@pytest.fixture
def registry(tmp_path):
    registry = Registry(tmp_path / "labs")
    registry.add(state("alive", os.getpid(), start_tick(os.getpid())))
    process = subprocess.Popen(["sleep", "60"])
    registry.add(state("killed", process.pid, start_tick(process.pid)))
    process.kill()
    process.wait()
    # Its keeper is gone, and the number belongs to another process now.
    registry.add(state("reused", os.getpid(), 1))
    return registry


def test_a_lab_lives_as_long_as_the_very_process_that_keeps_it(registry):
    assert registry.living() == [state("alive", os.getpid(), start_tick(os.getpid()))]


def test_only_dead_labs_are_forgotten(registry):
    assert registry.clean() == ["killed", "reused"]
    assert registry.clean() == []
    assert [path.name for path in registry.folder.iterdir()] == ["alive.json"]


def test_a_lab_is_found_by_name_or_by_being_the_only_one(registry):
    assert registry.find(None).id == registry.find("alive").id == "alive"
    with pytest.raises(UserError, match="unknown 'killed'; allowed: alive"):
        registry.find("killed")
    registry.add(state("second", os.getpid(), start_tick(os.getpid())))
    with pytest.raises(UserError, match="say which, by --lab NAME; allowed: alive, second"):
        registry.find(None)
    with pytest.raises(UserError, match=r"none is up; start one by: lshmoe-bench lab up"):
        Registry(registry.folder / "none").find(None)
