"""Costs and links from measurements: rows of ``speedup.csv``, all of one model and task.

A method's costs outside the network come from its step on an open link. The rate of another link comes from vanilla's
step on it. Steps of other methods on that link are not used, so they can be predicted.
"""

import math
from collections.abc import Mapping
from typing import Any

from suite.costmodel.exchange import AlphaBeta
from suite.costmodel.step import MethodCost

Measured = Mapping[str, Any]

INSTANT = AlphaBeta(latency=0.0, rate=math.inf)


def measured_cost(row: Measured, opened: AlphaBeta = INSTANT) -> MethodCost:
    """A measured step without the time of its bytes on the link.

    Args:
        row: of ``speedup.csv``: seconds of the parts, ``inter_server_bytes_per_step`` over all servers, ``servers`` and
            ``all_to_alls``.
        opened: the link it was measured on. Time in all-to-alls beyond its prediction counts as waiting; so does any
            latency that ``opened`` does not have.
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
    """The link on which a step of vanilla was measured.

    Args:
        vanilla: calibrated on the open link.
        row: of ``speedup.csv``: vanilla on the link in question.

    Returns:
        Its rate, from all-to-alls without their waiting, and its overhang. Latency is zero, because it is part of the
        waiting. If all-to-alls took no longer than on the open link, the link is instant.
    """
    exchange = row["all_to_all_seconds"] - vanilla.waiting
    if exchange <= 0:
        return INSTANT
    elsewhere = row["step_seconds"] - row["all_to_all_seconds"] - vanilla.local
    return AlphaBeta(latency=0.0, rate=vanilla.bytes / exchange, overhang=elsewhere / exchange)
