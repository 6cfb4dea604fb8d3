"""Meters on a GPU: seconds come from events, which do not pile up and are not waited for inside a step."""

from typing import Any

import pytest
import torch

from lshmoe import traffic
from lshmoe.traffic import Traffic


class Event:
    """An event of a stream that a test moves on: it is over once ``Event.now`` has passed it."""

    now = 0.0
    recorded = 0.0

    def __init__(self, enable_timing: bool) -> None:
        self.at = 0.0

    def record(self) -> None:
        Event.recorded += 1.0
        self.at = Event.recorded

    def query(self) -> bool:
        return self.at <= Event.now

    def synchronize(self) -> None:
        Event.now = max(Event.now, self.at)

    def elapsed_time(self, end: "Event") -> float:
        assert end.query(), "read before it was over"
        return 1000 * (end.at - self.at)


@pytest.fixture(autouse=True)
def stream(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(traffic, "MOST_EVENTS", 4)
    Event.now = Event.recorded = 0.0


def clock(meter: Traffic, times: int) -> None:
    for _ in range(times):
        with meter.clock("experts", torch.device("cuda")):
            pass


def test_events_that_are_over_are_read_on_the_way() -> None:
    meter = Traffic()
    clock(meter, 3)
    assert len(meter._events) == 3
    Event.now = 4.0  # two of the three are over
    clock(meter, 1)
    assert len(meter._events) == 2


def test_an_unread_meter_stays_small() -> None:
    meter = Traffic()
    for _ in range(100):
        clock(meter, 1)
        Event.now = Event.recorded - 2  # the stream is one phase behind
    assert len(meter._events) < 8


def test_reading_seconds_waits_for_all_of_them() -> None:
    meter = Traffic()
    clock(meter, 10)
    assert meter.seconds["experts"] == pytest.approx(10.0)
    assert meter._events == []
