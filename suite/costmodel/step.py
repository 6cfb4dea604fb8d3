"""Our model of a step: what it costs away from the network, plus what its bytes cost on it.

    T = dense + experts(rows) + reduction + waiting + (1 + overhang) · exchange(bytes)

A :class:`MethodCost` holds everything but the network; it is measured (:mod:`suite.costmodel.calibrate`) or modelled
from a :class:`Workload`. The paper's bound, :func:`suite.costmodel.bound.speedup_bound`, is the case of no latency, no
waiting and experts that cost the same at any rate.
"""

from dataclasses import dataclass

from suite.costmodel.exchange import ROW_EXCHANGES, Network


@dataclass(frozen=True)
class MethodCost:
    """One step of one method away from the network, in seconds of the slowest rank.

    Attributes:
        dense: everything outside the other parts; packing too.
        experts: forward and backward.
        reduction: choosing and building the rows to send.
        waiting: inside all-to-alls for ranks that come later, which no link shortens.
        bytes: that the network is charged with, in the unit that its rate counts.
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
    """A step on a network, by part; seconds. ``overhang`` is what the exchanges cost outside all-to-alls."""

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
        """Seconds inside all-to-alls, as a meter around them sees it: waiting included."""
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
    """What of a method decides its cost.

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
    """A step of one rank, whatever the method.

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
        """A method's step; its experts see only the rows that travel (Algorithm 1)."""
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
