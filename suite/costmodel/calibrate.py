"""Costs and links from measurements: rows of ``speedup.csv``, all of one model and task.

What a method costs away from the network comes from its step on an open link. How slow another link is comes from the
step of vanilla there, the reference. What another method did on that link is not asked for.
"""

import math
from collections.abc import Mapping
from typing import Any

from suite.costmodel.exchange import AlphaBeta
from suite.costmodel.step import MethodCost

Measured = Mapping[str, Any]

INSTANT = AlphaBeta(latency=0.0, rate=math.inf)


def measured_cost(row: Measured, opened: AlphaBeta = INSTANT) -> MethodCost:
    """A measured step without what its bytes took.

    Args:
        row: of ``speedup.csv``: seconds of the parts, ``inter_server_bytes_per_step`` over all servers, ``servers`` and
            ``all_to_alls``.
        opened: the link it was measured on. What its all-to-alls took longer than this predicts is waiting; latency
            that is not given stays within it.
    """
    size, exchanges = row["inter_server_bytes_per_step"] / row["servers"], row["all_to_alls"]
    return MethodCost(
        dense=row["rest_seconds"],
        experts=row["experts_seconds"],
        reduction=row["reduction_seconds"],
        waiting=max(0.0, row["all_to_all_seconds"] - opened.seconds(size, exchanges)),
        bytes=size,
        exchanges=exchanges,
    )


def measured_link(vanilla: MethodCost, row: Measured) -> AlphaBeta:
    """The link that vanilla met, from its step there.

    Args:
        vanilla: calibrated on the open link.
        row: of ``speedup.csv``: vanilla on the link in question.

    Returns:
        Its rate, as all-to-alls without their waiting see it, and its overhang. Without latency, which is part of the
        waiting. Where all-to-alls took no longer than on the open link, an instant one.
    """
    exchange = row["all_to_all_seconds"] - vanilla.waiting
    if exchange <= 0:
        return INSTANT
    elsewhere = row["step_seconds"] - row["all_to_all_seconds"] - vanilla.local
    return AlphaBeta(latency=0.0, rate=vanilla.bytes / exchange, overhang=elsewhere / exchange)
