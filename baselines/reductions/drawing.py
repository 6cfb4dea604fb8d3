"""What the reductions that draw at random share."""

from bisect import bisect_right
from collections.abc import Sequence

import torch
from torch import Tensor

from baselines.reductions.rates import check_rate, rows_at_rate
from lshmoe.clustering import expert_of_rows
from lshmoe.reduction import Reduction
from lshmoe.seeding import generator

# One rate for all training; or pairs (first call, rate) in order: from that training call on, counted from 0, it holds.
Rate = float | Sequence[tuple[int, float]]


class DrawingReduction(Reduction):
    """A reduction that sends ``ceil(rate · rows)`` rows to each expert and draws anew at every training call.

    A control must send what the method that it controls for does, whose rate changes as training goes: so a rate can be
    a schedule.

    The number of training calls so far is a persistent buffer and the only state: a draw is a function of (seed,
    calls), so a run that resumes from a checkpoint draws what the uninterrupted one does; the state of a generator
    would be lost. Calls in evaluation mode draw too but are not counted: evaluating more often, or on another number of
    batches per rank, leaves the training as it is. A layer that is recomputed in the backward pass would draw twice.

    Args:
        seed: draws.
        rate: in (0, 1], or a schedule of such rates that begins at call 0; an expert with rows sends at least one.

    Raises:
        ValueError: if ``rate`` is out of range, or a schedule does not begin at 0 or is out of order.
    """

    calls: Tensor

    def __init__(self, seed: int, rate: Rate) -> None:
        super().__init__()
        self.starts, self.rates = zip(*([(0, rate)] if isinstance(rate, int | float) else rate), strict=True)
        for value in self.rates:
            check_rate(value)
        if self.starts[0] != 0 or list(self.starts) != sorted(set(self.starts)):
            raise ValueError(f"rate: a schedule must begin at call 0 and go on in order, got calls {self.starts}")
        self.seed = seed
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    @property
    def rate(self) -> float:
        """The rate that holds now."""
        return float(self.rates[bisect_right(self.starts, int(self.calls)) - 1])

    def sizes(self, counts_E: Tensor) -> Tensor:
        """int64 ``[E]``: how many rows each expert shall be sent."""
        return rows_at_rate(counts_E, self.rate)

    def shuffled_places(self, counts_E: Tensor, num_rows: int) -> Tensor:
        """int64 ``[R]``: the place of each row in a random order of its expert's rows; a new order at every call."""
        shuffle_R = torch.randperm(num_rows, generator=generator("reduction", self.seed, int(self.calls)))
        if self.training:
            self.calls += 1
        expert_R = expert_of_rows(counts_E, num_rows)
        shuffle_R = shuffle_R.to(counts_E.device)
        order_R = shuffle_R[torch.argsort(expert_R[shuffle_R], stable=True)]
        # order_R visits the experts in the order of the rows, so position i still belongs to expert_R[i].
        starts_E = counts_E.cumsum(0) - counts_E
        place_R = torch.arange(num_rows, device=counts_E.device) - starts_E[expert_R]
        return torch.empty_like(order_R).scatter_(0, order_R, place_R)
