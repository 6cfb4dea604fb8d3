"""What a lab takes: to come up and go down, to measure its link, to end its ranks when the link dies."""

import signal
import statistics
import time
from pathlib import Path

import pytest

from suite.cluster.lab import keeper
from suite.cluster.lab.layout import Layout
from suite.cluster.lab.registry import Registry
from suite.errors import RunError
from tests.suite.cluster.lab.ending import LINK_DOWN, cut_link_once_started, end
from tests.suite.cluster.lab.lab_jobs import cluster, run
from tests.suite.cluster.lab.needs import needs_lab

pytestmark = needs_lab


def test_a_lab_is_up_within_two_seconds_and_down_within_one(tmp_path: Path) -> None:
    ups, downs = [], []
    for _ in range(10):
        began = time.perf_counter()
        state = keeper.start(Registry(tmp_path), Layout(2, 1), 100.0)
        up = time.perf_counter()
        end(state, signal.SIGTERM)
        ups.append(up - began)
        downs.append(time.perf_counter() - up)
    up, down = statistics.median(ups), statistics.median(downs)
    print(f"\nlab: up in {up:.2f} s, down in {down:.2f} s")
    assert up < 2 and down < 1


@pytest.mark.parametrize("rate_mbit", [100, 25])
def test_a_link_is_measured_within_three_seconds(tmp_path: Path, rate_mbit: int) -> None:
    taken = max(run("fit", tmp_path, cluster(f"rate_mbit={rate_mbit}")))
    print(f"\nfit at {rate_mbit} Mbit/s: {taken:.2f} s")
    assert taken < 3


def test_a_link_that_dies_ends_the_ranks_within_a_minute(tmp_path: Path) -> None:
    with cut_link_once_started(tmp_path) as moments, pytest.raises(RunError, match=LINK_DOWN):
        run("forever", tmp_path, cluster())
    assert time.monotonic() - moments[0] < 60
