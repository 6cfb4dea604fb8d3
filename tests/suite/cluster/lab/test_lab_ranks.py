"""Ranks in a lab: two fabrics, a link whose rate can be set, measured and counted, and an end in one line."""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from suite.cluster.lab.registry import Registry, State
from suite.cluster.launch import launch
from suite.config.cluster import ClusterConfig
from suite.config.compose import compose
from suite.errors import RunError
from tests.suite.cluster.lab.needs import needs_lab


def cluster(*overrides: str) -> ClusterConfig:
    return compose(["cluster=lab", *(f"cluster.{text}" for text in overrides)]).cluster


def run(how: str, folder: Path, config: ClusterConfig) -> list[dict[str, Any]]:
    launch("tests.suite.cluster.lab.lab_jobs", [how, str(folder), config.model_dump_json()], config, folder)
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(config.ranks)]


def command_line(state: State) -> str:
    return Path(f"/proc/{state.pid}/cmdline").read_text()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Two servers of two ranks each."""
    return run("everything", tmp_path_factory.mktemp("lab"), cluster("ranks=4", "ranks_per_server=2", "rate_mbit=400"))


@needs_lab
@pytest.mark.parametrize("path", ["flat", "hierarchical"])
def test_the_kernel_counts_what_the_meter_counts_between_servers(answers, path):
    for answer in answers:
        assert answer[path]["kernel"] == pytest.approx(answer[path]["metered"], rel=0.02)
        assert answer[path]["metered"] > 10**6
        assert answer[path]["dense"] < 0.02 * answer[path]["metered"], "rows took the open fabric"


@needs_lab
def test_the_rate_of_a_link_can_be_changed_while_ranks_run_and_is_measured(answers):
    fast, slow = answers[0]["fit100"], answers[0]["fit25"]
    assert all(answer["fit25"] | {"took": 0} == slow | {"took": 0} for answer in answers), "all ranks know the same fit"
    assert slow["beta"] / fast["beta"] == pytest.approx(4, rel=0.25)
    # No byte passes faster than the rate allows.
    assert slow["beta"] > 0.95 * 8 / 25e6
    assert fast["took"] < 3 and slow["took"] < 3 and len(slow["points"]) >= 3


@needs_lab
def test_a_rate_beyond_what_the_machine_carries_is_refused_on_every_rank(answers):
    allowed = f"allowed: up to {answers[0]['capacity_mbit']:.0f}, as measured with open links"
    assert {answer["refusal"] for answer in answers} == {
        f"cluster.rate_mbit: 1e+06 is more than this machine carries between servers; {allowed}"
    }
    assert answers[0]["transport"] == "shaped"


@needs_lab
def test_a_link_that_dies_ends_the_ranks_within_a_minute_with_the_reason(tmp_path):
    def cut() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.1)
        (lab,) = [state for state in Registry.of_user().living() if str(tmp_path) in command_line(state)]
        subprocess.run([*lab.entry("server1"), "ip", "link", "set", "dev", "a2a", "down"], check=True)
        died.append(time.monotonic())

    died: list[float] = []
    thread = threading.Thread(target=cut, daemon=True)
    thread.start()
    with pytest.raises(RunError, match=r"^lab: the link a2a1 went down; the ranks were ended$"):
        run("forever", tmp_path, cluster())
    assert time.monotonic() - died[0] < 60
    assert not [state for state in Registry.of_user().living() if str(tmp_path) in command_line(state)]
