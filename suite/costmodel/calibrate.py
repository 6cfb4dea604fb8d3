"""Costs of methods from a measurement on an unshaped network: rows of ``speedup.csv``, of one cluster.

Every method that was measured has its own cost. One that was not is modelled from a
:class:`~suite.costmodel.step.Workload`, fitted to vanilla, one wire (the same rows in fewer bytes) and one reduction
(fewer rows).
"""

import math
from collections.abc import Mapping
from typing import Any

from suite.costmodel.exchange import ROW_EXCHANGES, Link
from suite.costmodel.step import MethodCost, Workload

Measured = Mapping[str, Any]

INSTANT = Link(latency=0.0, rate=math.inf)


def measured_cost(row: Measured, exchanges: int, unshaped: Link = INSTANT, link_part: float = 1.0) -> MethodCost:
    """A measured step without what the unshaped network took.

    Args:
        row: of ``speedup.csv``: seconds of the parts and ``inter_server_bytes_per_step``.
        exchanges: all-to-alls in a step.
        unshaped: of the network it was measured on; what its all-to-alls took longer than this predicts is waiting.
        link_part: the part of ``inter_server_bytes_per_step``, which sums over servers, that crosses the link whose
            rate will be put in, one way. It cancels where only kappa is asked for.
    """
    size = link_part * row["inter_server_bytes_per_step"]
    return MethodCost(
        dense=row["rest_seconds"],
        experts=row["experts_seconds"],
        reduction=row["reduction_seconds"],
        waiting=max(0.0, row["all_to_all_seconds"] - unshaped.seconds(size, exchanges)),
        bytes=size,
        exchanges=exchanges,
    )


def fit_unshaped(vanilla: Measured, wire: Measured, link_part: float = 1.0) -> Link:
    """The unshaped network's rate, from two methods that send equal rows in different numbers of bytes.

    They wait and synchronise alike, so what differs is the bytes; latency stays within the waiting. Where more bytes
    took no longer, the network counts as instant.

    Args:
        vanilla: its row of ``speedup.csv``.
        wire: a row of the same measurement, of an identity reduction with another wire.
        link_part: as for :func:`measured_cost`.
    """
    size = link_part * (vanilla["inter_server_bytes_per_step"] - wire["inter_server_bytes_per_step"])
    seconds = vanilla["all_to_all_seconds"] - wire["all_to_all_seconds"]
    return Link(0.0, size / seconds) if size * seconds > 0 else INSTANT


def fit_workload(
    vanilla: Measured,
    wire: Measured,
    reduced: Measured,
    rows: float,
    exchanges: int,
    unshaped: Link = INSTANT,
    link_part: float = 1.0,
) -> tuple[Workload, float]:
    """A workload from three methods of one measurement.

    Args:
        vanilla: its row of ``speedup.csv``.
        wire: the same rows on another wire.
        reduced: a method that sends fewer rows: the straight line through its experts' seconds and vanilla's says which
            part of them is fixed.
        rows: routed in one step, summed over ranks as the bytes are.
        exchanges: all-to-alls in a step.
        unshaped: as for :func:`measured_cost`.
        link_part: as for :func:`measured_cost`.

    Returns:
        The workload, and the wire's packing in seconds per byte.

    Raises:
        ValueError: ``reduced`` sends all rows.
    """
    if not reduced["rate"] < vanilla["rate"]:
        raise ValueError(f"reduced: its rate {reduced['rate']} is not below vanilla's {vanilla['rate']}")
    slope = (vanilla["experts_seconds"] - reduced["experts_seconds"]) / (vanilla["rate"] - reduced["rate"])
    per_rate = min(max(slope, 0.0), vanilla["experts_seconds"])  # neither part can be negative
    packing = max(0.0, wire["rest_seconds"] - vanilla["rest_seconds"])
    cost = measured_cost(vanilla, exchanges, unshaped, link_part)
    workload = Workload(
        dense=cost.dense,
        experts_fixed=vanilla["experts_seconds"] - per_rate,
        experts_per_row=per_rate / rows,
        rows=rows,
        exchanges=exchanges,
        waiting=cost.waiting,
    )
    return workload, packing / (link_part * wire["inter_server_bytes_per_step"])


def bytes_per_row(row: Measured, rows: float, link_part: float = 1.0) -> float:
    """Bytes of the link per row sent and exchange, as :class:`~suite.costmodel.step.Method` takes them."""
    return float(link_part * row["inter_server_bytes_per_step"] / (ROW_EXCHANGES * row["rate"] * rows))
