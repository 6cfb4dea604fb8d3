"""Names that records are made of, for whoever reads them without torch."""

from collections.abc import Mapping
from typing import Literal

# Kinds of rows. A sent row counts under the first of them that it stands for (see suite.training.kind_meter).
Kind = Literal["distinct", "repeated", "mask", "padding"]
KINDS: tuple[Kind, ...] = ("distinct", "repeated", "mask", "padding")

# What a probe compares with exact dispatch: see suite.measurement.divergence.Pass.
COMPARED = ("layer", "output", "dense_gradient", "expert_gradient")

# Of the seconds by phase in a measured block: those inside all-to-alls, as lshmoe.traffic names them.
ALL_TO_ALL_PHASES = ("counts", "dispatch", "combine", "combine_backward", "dispatch_backward")


def all_to_all_seconds(phases: Mapping[str, float]) -> float:
    """The part of seconds by phase that is spent inside all-to-alls, waiting for other ranks included."""
    return float(sum(phases.get(phase, 0.0) for phase in ALL_TO_ALL_PHASES))
