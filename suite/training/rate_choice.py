"""Chooses the settings of reductions on rows that really reach them, so that layers send a target share."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe import MoELayer, Tunable
from lshmoe.groups import active_group_size
from suite.errors import UserError
from suite.training.target import Target

# Farther from its target than this, a share is not called reached.
TOLERANCE = 0.02
# Halvings of the knob's range: the last step is 1/16,384 of it.
_HALVINGS = 14
# Rows of later layers depend on the settings of earlier ones, so they are captured again with what was chosen.
_ROUNDS = 2
# Half the distance over which the slope is measured, in positions of the knob.
_NEARBY = 0.02
# Shares are kept away from 0 and 1, where log-odds are infinite.
_EDGE = 1e-4


@dataclass(frozen=True)
class Choice:
    """What was chosen for a group of layers.

    Attributes:
        position: of their knobs.
        share: what the captured rows give there.
        slope: of the share's log-odds, per unit of position.
    """

    position: float
    share: float
    slope: float


def choose(layers: Sequence[MoELayer], target: Target, forward: Callable[[], object]) -> list[Choice]:
    """Tune the reductions of all layers to a target; one choice per group. Collective, and equal on all ranks.

    Nothing else changes: no weight, no draw of random numbers, no count of a reduction's calls, no meter.

    Args:
        layers: with reductions that are :class:`~lshmoe.Tunable`.
        target: what to reach.
        forward: a few forward passes of the model on this rank's batches.

    Raises:
        UserError: no setting comes near the target; it says what the nearest ones give.
    """
    for _ in range(_ROUNDS):
        captured = Captured(layers, target, forward)
        found = _search(captured, target)
        tune(layers, target, [choice.position for choice in found])
    return found


def tune(layers: Sequence[MoELayer], target: Target, positions: Sequence[float]) -> None:
    """Take a position per group."""
    for members, position in zip(target.groups.values(), positions, strict=True):
        for place in members:
            knob(layers[place]).tune(position)


def knob(layer: MoELayer) -> Tunable:
    """The layer's reduction, which has a knob."""
    reduction: nn.Module = layer.reduction
    assert isinstance(reduction, Tunable)
    return reduction


def measured_shares(sent_L: Tensor, routed_L: Tensor, target: Target) -> list[float]:
    """The share of each group, from rows sent and routed per layer; 0 where none were routed."""
    sent = (sent_L.double().cpu() * torch.tensor(target.sent_weights, dtype=torch.float64)).tolist()
    routed = (routed_L.double().cpu() * torch.tensor(target.routed_weights, dtype=torch.float64)).tolist()
    return [
        sum(sent[place] for place in members) / max(1.0, sum(routed[place] for place in members))
        for members in target.groups.values()
    ]


def log_odds(share: float) -> float:
    """The logarithm of ``share / (1 - share)``: equal steps of it mean about equal factors where shares are small."""
    inside = min(max(share, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


class Captured:
    """The rows that reached every layer's reduction in some forward passes, and what any setting would send of them.

    A layer's reduction may see fewer rows than were routed (at a bridge between servers); the others were sent.
    """

    def __init__(self, layers: Sequence[MoELayer], target: Target, forward: Callable[[], object]) -> None:
        self.layers, self.target = layers, target
        self.calls: list[list[tuple[Tensor, Tensor]]] = [[] for _ in layers]
        for layer in layers:  # what was routed before is not captured
            layer.traffic.reset()
        with ExitStack() as stack:
            stack.enter_context(_unchanged(layers))
            for layer, calls in zip(layers, self.calls, strict=True):
                stack.enter_context(layer.reduction.register_forward_pre_hook(_keep_in(calls)))
            forward()
        routed = [layer.traffic.rows_routed for layer in layers]
        reached = [sum(len(rows_RD) for rows_RD, _ in calls) for calls in self.calls]
        self.beside = [all_rows - seen for all_rows, seen in zip(routed, reached, strict=True)]
        self.routed_L = over_ranks(routed, layers)
        for layer in layers:
            layer.traffic.reset()

    @torch.no_grad()
    def shares(self, positions: Sequence[float]) -> list[float]:
        """The share of each group at a position each. Collective."""
        tune(self.layers, self.target, positions)
        with _unchanged(self.layers):
            sent = [
                beside + sum(int(layer.reduction(rows_RD, counts_E).counts_E.sum()) for rows_RD, counts_E in calls)
                for beside, layer, calls in zip(self.beside, self.layers, self.calls, strict=True)
            ]
        return measured_shares(over_ranks(sent, self.layers), self.routed_L, self.target)


def over_ranks(counts: Sequence[int], layers: Sequence[MoELayer]) -> Tensor:
    """Counts per layer, float64 ``[L]``, summed over all ranks. Collective."""
    counts_L = torch.tensor(counts, dtype=torch.float64, device=next(layers[0].parameters()).device)
    if active_group_size(None) > 1:
        dist.all_reduce(counts_L)
    return counts_L


def _keep_in(calls: list[tuple[Tensor, Tensor]]) -> Callable[[nn.Module, tuple[Tensor, Tensor]], None]:
    def keep(_module: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
        calls.append((inputs[0].detach().clone(), inputs[1].clone()))

    return keep


@contextmanager
def _unchanged(layers: Sequence[MoELayer]) -> Iterator[None]:
    """Leave random generators as they are, and have reductions count no call: they do in training mode alone."""
    devices = {parameter.device for layer in layers for parameter in layer.parameters() if parameter.is_cuda}
    was_training = [layer.reduction.training for layer in layers]
    with torch.random.fork_rng(devices), torch.no_grad():
        for layer in layers:
            layer.reduction.eval()
        try:
            yield
        finally:
            for layer, training in zip(layers, was_training, strict=True):
                layer.reduction.train(training)


def _search(captured: Captured, target: Target) -> list[Choice]:
    """Bisect every group's knob at once, then measure how the share changes around what was found."""
    low, high = [0.0] * len(target.groups), [1.0] * len(target.groups)
    tried: list[dict[float, float]] = [{} for _ in target.groups]

    def shares(positions: list[float]) -> list[float]:
        found = captured.shares(positions)
        for known, position, share in zip(tried, positions, found, strict=True):
            known[position] = share
        return found

    shares(low), shares(high)
    for _ in range(_HALVINGS):
        middle = [(one + other) / 2 for one, other in zip(low, high, strict=True)]
        for group, share in enumerate(shares(middle)):
            (high if share >= target.share else low)[group] = middle[group]
    nearest = [min((abs(share - target.share), at) for at, share in known.items())[1] for known in tried]
    _refuse_unreached(captured, target, tried, nearest)
    below = [max(0.0, position - _NEARBY) for position in nearest]
    above = [min(1.0, position + _NEARBY) for position in nearest]
    rises = zip(captured.shares(below), captured.shares(above), strict=True)
    return [
        Choice(at, known[at], (log_odds(upper) - log_odds(lower)) / (end - start))
        for at, known, (lower, upper), start, end in zip(nearest, tried, rises, below, above, strict=True)
    ]


def _refuse_unreached(
    captured: Captured, target: Target, tried: list[dict[float, float]], nearest: list[float]
) -> None:
    for (name, members), known, position in zip(target.groups.items(), tried, nearest, strict=True):
        if abs(known[position] - target.share) <= TOLERANCE:
            continue
        below = [at for at in known if known[at] < target.share]
        above = [at for at in known if known[at] > target.share]
        neighbours = [*([max(below, key=known.__getitem__)] if below else [])]
        neighbours += [min(above, key=known.__getitem__)] if above else []
        given = []
        for at in neighbours:
            knob(captured.layers[members[0]]).tune(at)
            setting = knob(captured.layers[members[0]]).setting
            named = ", ".join(f"{option}={value:.4g}" for option, value in setting.items())
            given.append(f"{named} gives {known[at]:.3f}")
        layers = "all MoE layers" if name == "all" else f"layer {name}"
        raise UserError(
            f"{target.field}: no setting gives {target.share:g} in {layers} on the first rows; the nearest: "
            f"{'; '.join(given)}; ask for one of these"
        )
