"""The compression rate of a run over its steps, in a few pieces. A control follows it to send as many rows."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from suite.records.schema.metrics import TrainLine

PIECES = 20


def rate_schedule(steps: Sequence[TrainLine], pieces: int = PIECES) -> list[tuple[int, float]]:
    """Mean rate of rows sent over rows routed, in at most ``pieces`` equal parts of a run.

    Args:
        steps: its metrics lines of training steps, in order.
        pieces: how many parts.

    Returns:
        ``(first step of the part, from 0; rate)``. A step is one training call of each layer.
    """
    schedule = []
    for _, group in groupby(enumerate(steps), key=lambda numbered: numbered[0] * pieces // len(steps)):
        part = list(group)
        routed, sent = (sum(getattr(line, name) for _, line in part) for name in ("rows_routed", "rows_sent"))
        schedule.append((part[0][0], round(sent / max(1, routed), 4)))
    return schedule


def rate_override(summary: Mapping[str, Any]) -> str:
    """The Hydra override that makes a control follow the rate of the run with this summary."""
    return f"method.reduction.rate=[{','.join(f'[{step},{rate}]' for step, rate in summary['rate_schedule'])}]"
