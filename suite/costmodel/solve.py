"""Solves for the link that gives a calibrated vanilla step a wanted kappa."""

import math

from suite.costmodel.exchange import AlphaBeta
from suite.costmodel.step import MethodCost
from suite.errors import UserError


def least_kappa(vanilla: MethodCost, latency: float) -> float:
    """Kappa on an infinitely fast link of that latency."""
    return (vanilla.waiting + vanilla.exchanges * latency) / vanilla.local


def link_for(
    vanilla: MethodCost, kappa: float, latency: float, fastest: float = math.inf, overhang: float = 0.0
) -> AlphaBeta:
    """The link on which vanilla's all-to-alls take ``kappa`` times the rest of its step.

    Args:
        vanilla: calibrated, in seconds and in bytes of the link.
        kappa: target, above 0.
        latency: alpha, seconds per exchange.
        fastest: capacity of the machine, bytes/s.
        overhang: of the link, as in :class:`~suite.costmodel.exchange.AlphaBeta`.

    Raises:
        UserError: latency and waiting alone exceed kappa, the link would have to be faster than ``fastest``, or the
            overhang makes the rest of the step grow as fast as the all-to-alls.
    """
    if kappa * overhang >= 1:
        raise UserError(f"kappa: {kappa:g} cannot be reached; an overhang of {overhang:.3g} keeps it below its inverse")
    # kappa = (waiting + exchange) / (local + overhang · exchange), solved for the exchange.
    exchange = (kappa * vanilla.local - vanilla.waiting) / (1 - kappa * overhang)
    left = exchange - vanilla.exchanges * latency
    if left <= 0:
        raise UserError(
            f"kappa: {kappa:g} cannot be reached; latency and waiting alone make it "
            f"{least_kappa(vanilla, latency):.3g}; take a larger kappa, or more work per step"
        )
    rate = vanilla.bytes / left
    if rate > fastest:
        raise UserError(
            f"kappa: {kappa:g} needs a link of {rate:.3g} bytes/s, and the machine carries {fastest:.3g}; "
            "take a larger kappa"
        )
    return AlphaBeta(latency, rate, overhang)
