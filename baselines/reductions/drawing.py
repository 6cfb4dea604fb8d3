"""What the reductions that draw at random share."""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from baselines.reductions.rates import check_rate, rate_at, rows_at_rate
from lshmoe.clustering import expert_of_rows
from lshmoe.eager import recomputing
from lshmoe.reduction import Reduced, Reduction
from lshmoe.seeding import generator

# One rate for all training; or pairs (first call, rate) in order: from that training call on, counted from 0, it holds.
Rate = float | Sequence[tuple[int, float]]

# Forward passes that may still be recomputed: far more than a step has micro-batches.
_REMEMBERED = 256


class DrawingReduction(Reduction):
    """A reduction that sends ``ceil(rate · rows)`` rows to each expert and draws anew at every training call.

    A control must send what the method that it controls for does, whose rate changes as training goes: so a rate can be
    a schedule.

    The number of training calls so far is a persistent buffer: a draw is a function of (seed, calls), so a resumed run
    draws what the uninterrupted one does; the state of a generator would be lost. Calls in evaluation mode draw too but
    are not counted: evaluating more often, or on another number of batches per rank, leaves the training as it is.
    Activation recompute calls once more with the rows of an earlier call and draws the same.

    A subclass defines :meth:`reduce`.

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
        self._recent: deque[tuple[tuple[float, ...], int]] = deque(maxlen=_REMEMBERED)

    @property
    def rate(self) -> float:
        """The rate that holds now."""
        return self._rate_at(int(self.calls))

    @property
    def setting(self) -> Mapping[str, float]:
        """The rate that holds now, which is the knob."""
        return {"rate": self.rate}

    def tune(self, position: float) -> None:
        """Have ``position`` as the rate, in place of any schedule; draws go on as they would have."""
        self.starts, self.rates = (0,), (rate_at(position),)

    def _rate_at(self, call: int) -> float:
        return float(self.rates[bisect_right(self.starts, call) - 1])

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the rows to send, by a new draw in every training call.

        Raises:
            RuntimeError: if activation recompute calls with rows that not exactly one recent call had.
        """
        call = int(self.calls)
        drawn = rows_RD.shape[0] > 0  # calls without rows are all alike, and draw nothing
        if recomputing():
            again = self._recomputed_call(_fingerprint(rows_RD, counts_E)) if drawn else call
            return self.reduce(rows_RD, counts_E, again)
        if drawn and torch.is_grad_enabled():
            self._recent.append((_fingerprint(rows_RD, counts_E), call))
        if self.training:
            self.calls += 1
        return self.reduce(rows_RD, counts_E, call)

    def reduce(self, rows_RD: Tensor, counts_E: Tensor, call: int) -> Reduced:
        """Choose the rows to send.

        Args:
            rows_RD: ``[R, D]``, sorted by expert.
            counts_E: int64 ``[E]``, rows per expert; sums to R.
            call: what every draw depends on.
        """
        raise NotImplementedError

    def sizes(self, counts_E: Tensor, call: int) -> Tensor:
        """int64 ``[E]``: how many rows each expert shall be sent."""
        return rows_at_rate(counts_E, self._rate_at(call))

    def shuffled_places(self, counts_E: Tensor, num_rows: int, call: int) -> Tensor:
        """int64 ``[R]``: the place of each row in a random order of its expert's rows."""
        shuffle_R = torch.randperm(num_rows, generator=generator("reduction", self.seed, call))
        expert_R = expert_of_rows(counts_E, num_rows)
        shuffle_R = shuffle_R.to(counts_E.device)
        order_R = shuffle_R[torch.argsort(expert_R[shuffle_R], stable=True)]
        # order_R visits the experts in the order of the rows, so position i still belongs to expert_R[i].
        starts_E = counts_E.cumsum(0) - counts_E
        place_R = torch.arange(num_rows, device=counts_E.device) - starts_E[expert_R]
        return torch.empty_like(order_R).scatter_(0, order_R, place_R)

    def _recomputed_call(self, rows: tuple[float, ...]) -> int:
        found = [one for one in self._recent if one[0] == rows]
        if len(found) != 1:
            raise RuntimeError(
                f"recompute: {len(found)} recent forward passes of {type(self).__name__} had these rows, so it cannot "
                "tell which draw to repeat; use no activation recompute with this method here"
            )
        self._recent.remove(found[0])
        return found[0][1]


def _fingerprint(rows_RD: Tensor, counts_E: Tensor) -> tuple[float, ...]:
    """Numbers that tell the rows of one call from those of another; recomputed rows are the same to the bit."""
    rows_RD = rows_RD.detach()
    sums = torch.stack([rows_RD.sum(dtype=torch.float64), rows_RD[:, 0].square().sum(dtype=torch.float64)])
    # NaN is unequal to itself.
    return (*counts_E.tolist(), *torch.nan_to_num(sums).tolist())
