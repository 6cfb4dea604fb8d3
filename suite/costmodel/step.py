"""Our model of a step: costs outside the network, plus the time of its bytes on the network.

    T = dense + experts(rows) + reduction + waiting + (1 + overhang) · exchange(bytes)

A :class:`MethodCost` has all costs outside the network. It is measured (:mod:`suite.costmodel.calibrate`) or modelled
from a :class:`Workload`. The bound :func:`suite.costmodel.bound.speedup_bound` is the special case of no latency, no
waiting, and experts whose cost does not depend on the rate.
"""

from dataclasses import dataclass

from suite.costmodel.exchange import ROW_EXCHANGES, Network


@dataclass(frozen=True)
class MethodCost:
    """Costs of one step of a method outside the network, in seconds of the slowest rank.

    Attributes:
        dense: everything outside the other parts, including packing.
        experts: forward and backward.
        reduction: choosing and building the rows to send.
        waiting: time in all-to-alls for late ranks, independent of the link.
        bytes: sent over the network per step, counted as the network's rate counts them.
        exchanges: all-to-alls in a step.
    """

    dense: float
    experts: float
    reduction: float
    waiting: float
    bytes: float
    exchanges: int

    @property
    def local(self) -> float:
        """The step without its all-to-alls."""
        return self.dense + self.experts + self.reduction


@dataclass(frozen=True)
class Prediction:
    """A step on a network in seconds, by part. ``overhang`` is the exchanges' cost outside all-to-alls."""

    dense: float
    experts: float
    reduction: float
    waiting: float
    exchange: float
    overhang: float = 0.0

    @property
    def seconds(self) -> float:
        return self.dense + self.experts + self.reduction + self.overhang + self.all_to_all

    @property
    def all_to_all(self) -> float:
        """Seconds inside all-to-alls, waiting included, as a meter around them would measure."""
        return self.waiting + self.exchange

    @property
    def share(self) -> float:
        """All-to-all over the step."""
        return self.all_to_all / self.seconds

    @property
    def kappa(self) -> float:
        """All-to-all over the rest of the step."""
        return self.all_to_all / (self.seconds - self.all_to_all)


def predict(cost: MethodCost, network: Network) -> Prediction:
    """One step of a method on a network."""
    exchange = network.seconds(cost.bytes, cost.exchanges)
    return Prediction(
        cost.dense, cost.experts, cost.reduction, cost.waiting, exchange, overhang=network.overhang * exchange
    )


def speedup(vanilla: MethodCost, method: MethodCost, network: Network) -> float:
    """T_vanilla / T_method on the same network."""
    return predict(vanilla, network).seconds / predict(method, network).seconds


@dataclass(frozen=True)
class Method:
    """The properties of a method that decide its cost.

    Attributes:
        rate: rows sent over rows routed.
        bytes_per_row: on the wire.
        reduction_per_row: seconds per routed row, forward and backward.
    """

    rate: float
    bytes_per_row: float
    reduction_per_row: float = 0.0


@dataclass(frozen=True)
class Workload:
    """A step of one rank, independent of the method.

    Attributes:
        dense: seconds outside experts, exchanges and reductions.
        experts_fixed: seconds of experts that do not depend on the number of rows.
        experts_per_row: seconds of experts per row they see.
        rows: routed in one step, over all MoE layers.
        exchanges: all-to-alls in a step.
        count_bytes: bytes of a step's exchanges of counts.
        imbalance: rows of the slowest rank over the mean, 1 or more.
    """

    dense: float
    experts_fixed: float
    experts_per_row: float
    rows: float
    exchanges: int
    count_bytes: float = 0.0
    imbalance: float = 1.0

    def cost(self, method: Method) -> MethodCost:
        """The costs of a method's step. Its experts see only the rows that are sent (Algorithm 1)."""
        sent = method.rate * self.rows * self.imbalance
        size = ROW_EXCHANGES * sent * method.bytes_per_row
        return MethodCost(
            dense=self.dense,
            experts=self.experts_fixed + self.experts_per_row * sent,
            reduction=method.reduction_per_row * self.rows,
            waiting=0.0,
            bytes=size + self.count_bytes,
            exchanges=self.exchanges,
        )
