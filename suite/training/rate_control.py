"""Holds a target share during training: integral control on the knobs of the reductions."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from lshmoe import MoELayer
from suite.records.schema.metrics import Held
from suite.training.rate_choice import choose, knob, log_odds, measured_shares, over_ranks, tune
from suite.training.target import Target

# Steps between two decisions.
EVERY = 2
# Of the error that the slope explains, what a decision takes back. Half damps the noise of single batches, and still
# converges where the slope has become up to four times as steep as it was when it was measured.
_GAIN = 0.5
# Largest move of a decision, in positions of the knob.
_LARGEST_MOVE = 0.05
# A flatter knob than this (log-odds per unit of position) is not trusted: one odd batch would move it across its range.
_FLATTEST = 1.0


class RateControl(nn.Module):
    """The state of the controller, in buffers: a checkpoint of the model that holds it is enough to go on bit for bit.

    Every few steps, a knob moves by ``gain · (log-odds of the target - log-odds of what was sent since) / slope``.
    The slope was measured on captured rows when the setting was chosen. Log-odds of the share rise evenly with the
    number of hash functions until nearly every row is sent, so one slope serves for all of a training. All ranks decide
    alike, on counts that are summed over them.

    Args:
        layers: of the model, with reductions that are :class:`~lshmoe.Tunable`.
        target: what to hold.
    """

    position_G: Tensor
    slope_G: Tensor
    sent_L: Tensor
    routed_L: Tensor
    steps: Tensor

    def __init__(self, layers: Sequence[MoELayer], target: Target) -> None:
        super().__init__()
        self.layers, self.target = tuple(layers), target
        for name, size in (("position_G", len(target.groups)), ("slope_G", len(target.groups))):
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))
        for name in ("sent_L", "routed_L"):
            self.register_buffer(name, torch.zeros(len(layers), dtype=torch.int64))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def begin(self, forward: Callable[[], None]) -> None:
        """Choose the first settings; see :func:`~suite.training.rate_choice.choose`."""
        found = choose(self.layers, self.target, forward)
        self.position_G.copy_(torch.tensor([choice.position for choice in found], dtype=torch.float64))
        self.slope_G.copy_(torch.tensor([choice.slope for choice in found], dtype=torch.float64))

    def resume(self) -> None:
        """Take the settings that a checkpoint brought back."""
        tune(self.layers, self.target, self.position_G.tolist())

    def after_step(self) -> dict[str, Held] | None:
        """Count what the layers sent in this step, before their meters are reset; now and then, decide. Collective.

        Returns:
            In a step with a decision, by group: the setting that was held and what it gave; else ``None``.
        """
        self.sent_L += torch.tensor([layer.traffic.rows_sent for layer in self.layers], device=self.sent_L.device)
        self.routed_L += torch.tensor([layer.traffic.rows_routed for layer in self.layers], device=self.sent_L.device)
        self.steps += 1
        if int(self.steps) < EVERY:
            return None
        sent_L = over_ranks(self.sent_L.tolist(), self.layers)
        routed_L = over_ranks(self.routed_L.tolist(), self.layers)
        for buffer in (self.sent_L, self.routed_L, self.steps):
            buffer.zero_()
        shares = measured_shares(sent_L, routed_L, self.target)
        held = self._held(sent_L.tolist(), routed_L.tolist(), shares)
        moved = [
            min(max(position + self._move(share, slope), 0.0), 1.0)
            for position, share, slope in zip(self.position_G.tolist(), shares, self.slope_G.tolist(), strict=True)
        ]
        self.position_G.copy_(torch.tensor(moved, dtype=torch.float64))
        tune(self.layers, self.target, moved)
        return held

    def _move(self, share: float, slope: float) -> float:
        move = _GAIN * (log_odds(self.target.share) - log_odds(share)) / max(slope, _FLATTEST)
        return min(max(move, -_LARGEST_MOVE), _LARGEST_MOVE)

    def _held(self, sent: Sequence[float], routed: Sequence[float], shares: Sequence[float]) -> dict[str, Held]:
        return {
            name: Held(
                setting=dict(knob(self.layers[members[0]]).setting),
                share=share,
                rate=sum(sent[place] for place in members) / max(1.0, sum(routed[place] for place in members)),
            )
            for (name, members), share in zip(self.target.groups.items(), shares, strict=True)
        }
