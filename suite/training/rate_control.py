"""Holds a target share during training: integral control on the knobs of the reductions."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from lshmoe import MoELayer
from suite.records.schema.metrics import Held
from suite.training.rate_choice import choose, knob, log_odds, measured_shares, over_ranks, tune
from suite.training.target import Target

# Of the error that the slope explains, what a decision takes back: half damps the noise of single batches.
_GAIN = 0.5
# What of it is added to the move of every later decision, so that a steady drift of the rows leaves no lasting error;
# below gain²/4, beyond which the two would swing.
_DRIFT = 0.05
# Largest move of a decision, in positions of the knob.
_LARGEST_MOVE = 0.1
# A flatter knob than this (log-odds per unit of position) is not trusted: one odd batch would move it across its range.
_FLATTEST = 0.5
# What a slope that proves wrong is divided or multiplied by.
_RELEARN = 1.6
# Errors of the share below this may be the noise of a batch and teach nothing about the slope.
_NOISE = 0.01


class RateControl(nn.Module):
    """The state of the controller, in buffers: a checkpoint of the model that holds it is enough to go on bit for bit.

    After every step, a knob moves by ``gain · (log-odds of the target - log-odds of what was sent) / slope``, and by
    what earlier errors say it takes to keep up with rows that drift. The slope was measured on captured rows when the
    setting was chosen. Rows grow apart in training and with them the slope changes, so it is learned on the way: an
    error that does not shrink as it should means a flatter knob, one that turns its sign a steeper one. All ranks
    decide alike, on counts that are summed over them.

    Args:
        layers: of the model, with reductions that are :class:`~lshmoe.Tunable`.
        target: what to hold.
    """

    position_G: Tensor
    slope_G: Tensor
    error_G: Tensor
    drift_G: Tensor

    def __init__(self, layers: Sequence[MoELayer], target: Target) -> None:
        super().__init__()
        self.layers, self.target = tuple(layers), target
        for name in ("position_G", "slope_G", "error_G", "drift_G"):
            self.register_buffer(name, torch.zeros(len(target.groups), dtype=torch.float64))

    def begin(self, forward: Callable[[], object]) -> None:
        """Choose the first settings; see :func:`~suite.training.rate_choice.choose`."""
        found = choose(self.layers, self.target, forward)
        self.position_G.copy_(torch.tensor([choice.position for choice in found], dtype=torch.float64))
        self.slope_G.copy_(torch.tensor([choice.slope for choice in found], dtype=torch.float64))

    def resume(self) -> None:
        """Take the settings that a checkpoint brought back."""
        tune(self.layers, self.target, self.position_G.tolist())

    def after_step(self) -> dict[str, Held]:
        """Decide by what the layers sent in this step, before their meters are reset. Collective.

        Returns:
            By group: the setting that was held in this step and what it gave.
        """
        sent_L = over_ranks([layer.traffic.rows_sent for layer in self.layers], self.layers)
        routed_L = over_ranks([layer.traffic.rows_routed for layer in self.layers], self.layers)
        shares = measured_shares(sent_L, routed_L, self.target)
        held = self._held(sent_L.tolist(), routed_L.tolist(), shares)
        for group, share in enumerate(shares):
            error, before = log_odds(self.target.share) - log_odds(share), float(self.error_G[group])
            if abs(share - self.target.share) > _NOISE and before:
                self.slope_G[group] *= _relearned(error / before)
            self.error_G[group] = error
            missing = error / max(float(self.slope_G[group]), _FLATTEST)
            self.drift_G[group] = _within(float(self.drift_G[group]) + _DRIFT * missing, _LARGEST_MOVE)
            move = _within(_GAIN * missing + float(self.drift_G[group]), _LARGEST_MOVE)
            moved = float(self.position_G[group]) + move
            self.position_G[group] = min(max(moved, 0.0), 1.0)
            if not 0 < moved < 1:  # at its end a knob keeps up with nothing
                self.drift_G[group] = 0.0
        tune(self.layers, self.target, self.position_G.tolist())
        return held

    def _held(self, sent: Sequence[float], routed: Sequence[float], shares: Sequence[float]) -> dict[str, Held]:
        return {
            name: Held(
                setting=dict(knob(self.layers[members[0]]).setting),
                share=share,
                rate=sum(sent[place] for place in members) / max(1.0, sum(routed[place] for place in members)),
            )
            for (name, members), share in zip(self.target.groups.items(), shares, strict=True)
        }


def _within(value: float, bound: float) -> float:
    return min(max(value, -bound), bound)


def _relearned(progress: float) -> float:
    """What to multiply a slope by, when an error has become ``progress`` times the one before."""
    if progress < -(1 - _GAIN):
        return _RELEARN
    return 1 / _RELEARN if progress > 1 - _GAIN / 2 else 1.0
