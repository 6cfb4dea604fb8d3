"""How long something takes on a device."""

import statistics
import time
from collections.abc import Callable

import torch


def wait(device: torch.device) -> None:
    """Wait until the device has done everything it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device, rounds: int = 5, at_least: float = 0.02) -> float:
    """Median over rounds of the seconds that ``work`` takes, launches included.

    Args:
        work: called again and again.
        device: waited for around each round.
        rounds: how many.
        at_least: a round repeats ``work`` until it should take this many seconds.
    """
    work()
    wait(device)
    began = time.perf_counter()
    work()
    wait(device)
    repeats = max(1, round(at_least / max(time.perf_counter() - began, 1e-7)))
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(repeats):
            work()
        wait(device)
        taken.append((time.perf_counter() - began) / repeats)
    return statistics.median(taken)
