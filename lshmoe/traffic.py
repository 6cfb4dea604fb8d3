"""What a layer sent and how long it took."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

ROW_PHASES = ("dispatch", "combine", "combine_backward", "dispatch_backward")
ALL_TO_ALL_PHASES = ("counts", *ROW_PHASES)


def all_to_all_seconds(seconds: Mapping[str, float]) -> float:
    """The part of seconds by phase that is spent inside all-to-alls, waiting for other ranks included."""
    return float(sum(seconds.get(phase, 0.0) for phase in ALL_TO_ALL_PHASES))


# A training that nobody meters must not keep an event for each phase of each step.
MOST_EVENTS = 256


@dataclass
class Traffic:
    """Meters of one layer on one rank; they add up until :meth:`reset`.

    Wire phases are the all-to-alls, and ``loads``: the gate's all-reduce of expert loads for the balance loss. A
    forward pass that is recomputed in the backward pass is not counted: it sends again what its first run sent.

    Attributes:
        rows_routed: rows the gate routed (R).
        rows_sent: rows left after the reduction (C).
        bytes: per wire phase, bytes of the buffers handed to collectives: rows, scales, counts and expert loads,
            own-rank share included.
        remote_bytes: per wire phase, the part that leaves this rank; of an all-reduce, what a ring makes it send.
        inter_server_bytes: per wire phase, the part of ``remote_bytes`` that leaves this rank's server. Over all ranks
            it is the same along every path, which differ in the number of messages.
    """

    rows_routed: int = 0
    rows_sent: int = 0
    bytes: Counter[str] = field(default_factory=Counter)
    remote_bytes: Counter[str] = field(default_factory=Counter)
    inter_server_bytes: Counter[str] = field(default_factory=Counter)
    _seconds: Counter[str] = field(default_factory=Counter)
    _events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = field(default_factory=list)

    def reset(self) -> None:
        """Set every meter to zero."""
        self.rows_routed = self.rows_sent = 0
        for meter in (self.bytes, self.remote_bytes, self.inter_server_bytes, self._seconds, self._events):
            meter.clear()

    @property
    def seconds(self) -> Counter[str]:
        """Seconds by phase: the wire phases, and ``reduction``, ``experts``, ``experts_backward``.

        On a GPU reading this waits for the recorded events; call it outside the step.
        """
        for *_, end in self._events:
            end.synchronize()
        self._read_events()
        return self._seconds

    def _read_events(self) -> None:
        """Turn the events that are over into seconds, without waiting for the others."""
        over = 0
        for phase, start, end in self._events:
            if not end.query():
                break
            self._seconds[phase] += start.elapsed_time(end) / 1e3
            over += 1
        del self._events[:over]

    @property
    def all_to_all_seconds(self) -> float:
        """Seconds inside collectives of the exchange, waiting for other ranks included."""
        return all_to_all_seconds(self.seconds)

    @contextmanager
    def unmetered(self) -> Iterator[None]:
        """Nothing that happens inside this context is counted."""
        rows, events = (self.rows_routed, self.rows_sent), len(self._events)
        meters = (self.bytes, self.remote_bytes, self.inter_server_bytes, self._seconds)
        kept = [meter.copy() for meter in meters]
        try:
            yield
        finally:  # recompute ends by an exception as soon as it has what it needs
            self.rows_routed, self.rows_sent = rows
            del self._events[events:]
            for meter, before in zip(meters, kept, strict=True):
                meter.clear()
                meter.update(before)

    @contextmanager
    def clock(self, phase: str, device: torch.device) -> Iterator[None]:
        """Add the time of a block to ``phase``: wall clock on CPU, stream events on a GPU (no host sync)."""
        if device.type == "cuda":
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            yield
            end.record()
            self._events.append((phase, start, end))
            if len(self._events) >= MOST_EVENTS:
                self._read_events()
            return
        began = time.perf_counter()
        yield
        self._seconds[phase] += time.perf_counter() - began  # type: ignore[assignment]
