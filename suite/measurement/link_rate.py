"""Give the reference's step a wanted share of all-to-all by setting the rate of the lab's link.

Two clusters are alike if they have the same kappa: the time in all-to-alls over the rest of the reference's step. The
paper and data sheets give kappa for their clusters. Here the link is slowed down until its kappa is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

from suite.cluster.lab.link import Link
from suite.costmodel.paper import share
from suite.errors import UserError

# Largest relative error of a measurement's kappa; fixed before anything was measured.
TOLERANCE = 0.10
# The search for the rate ends at this relative error, or after so many trials. The measurement is checked by TOLERANCE.
AIM, _TRIALS = 0.03, 8
_BITS_PER_MEGABYTE = 8e-6


class KappaMissed(RuntimeError):
    """The kappa that was reached is too far from the target."""


@dataclass(frozen=True)
class ReferenceStep:
    """One step of the reference, in seconds."""

    all_to_all: float
    rest: float

    @property
    def kappa(self) -> float:
        return self.all_to_all / self.rest


def approach(
    link: Link,
    kappa: float,
    open_step: ReferenceStep,
    bytes_per_server: float,
    time_reference: Callable[[], ReferenceStep],
    aim: float = AIM,
) -> float:
    """Set the link's rate so that all-to-alls take ``kappa`` times the rest of the reference's step. Collective.

    Model: seconds of all-to-alls = seconds on the open link + c / rate. Every timing of a step corrects c.

    Args:
        link: its rate is set.
        kappa: wanted.
        open_step: a step on the open link.
        bytes_per_server: that leave a server in one step.
        time_reference: times a few steps at the present rate, with the same result on every rank.
        aim: relative error of kappa at which the search ends.

    Returns:
        The nominal rate that the link now has, 10⁶ bit/s.

    Raises:
        UserError: on every rank, if the share is larger on open links already, or the machine is too slow.
    """
    step = open_step
    # First guess: twice the time of the bytes alone, because two ranks take turns on one connection.
    seconds_mbit = 2 * _BITS_PER_MEGABYTE * bytes_per_server
    for _ in range(_TRIALS):
        rate = seconds_mbit / _wanted(kappa, step, open_step)
        if rate > link.capacity_mbit:
            raise _unreachable(kappa, open_step)
        link.set_rate(rate)
        step = time_reference()
        if abs(step.kappa / kappa - 1) <= aim:
            break
        # One disturbed timing may at most halve the constant.
        seconds_mbit = max(0.5 * seconds_mbit, (step.all_to_all - open_step.all_to_all) * rate)
    return rate


def corrected(rate_mbit: float, kappa: float, reached: ReferenceStep, open_step: ReferenceStep) -> float:
    """The rate, 10⁶ bit/s, for ``kappa`` by the model of :func:`approach`, given a step measured at ``rate_mbit``.

    Raises:
        UserError: as :func:`approach`.
    """
    return rate_mbit * (reached.all_to_all - open_step.all_to_all) / _wanted(kappa, reached, open_step)


def _wanted(kappa: float, step: ReferenceStep, open_step: ReferenceStep) -> float:
    """Seconds that the link must add to the all-to-alls."""
    extra = kappa * step.rest - open_step.all_to_all
    if extra <= 0:
        raise _unreachable(kappa, open_step)
    return extra


def _unreachable(kappa: float, open_step: ReferenceStep) -> UserError:
    return UserError(
        f"shares: {share(kappa):.2g} cannot be reached: all-to-all takes {share(open_step.kappa):.0%} of "
        "the reference's step on open links already; take a larger share, or more work per step"
    )


def require_near(reached: float, target: float) -> None:
    """Refuse a measurement whose kappa is too far from its target.

    Args:
        reached: measured.
        target: the kappa that was asked for.

    Raises:
        KappaMissed: if the relative error exceeds :data:`TOLERANCE`.
    """
    off = reached / target - 1
    if abs(off) > TOLERANCE:
        raise KappaMissed(
            f"kappa: {reached:.3g} was reached where {target:.3g} was asked for (share {share(target):.3g}), "
            f"{off:+.0%} off; allowed: {TOLERANCE:.0%}; let nothing else run on this machine, and measure again"
        )
