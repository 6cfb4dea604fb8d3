"""What share of all rows, or of their bytes, a method's layers shall send."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lshmoe import MoELayer, NativeWire
from suite.config.run import RunConfig


@dataclass(frozen=True)
class Target:
    """A share that layers are set for, and how it is counted.

    ``share = Σ sent · sent_weight / Σ routed · routed_weight``, over layers and ranks. Of rows, all weights are 1; of
    bytes, they are those of a row on the layer's wire and on a 16-bit one.

    Attributes:
        field: of the configuration, for errors.
        share: in (0, 1].
        sent_weights, routed_weights: one per layer.
        groups: layers that have one setting in common; together they reach the share. By the name in the log: ``all``,
            or the layer's own.
    """

    field: str
    share: float
    sent_weights: tuple[float, ...]
    routed_weights: tuple[float, ...]
    groups: dict[str, list[int]]


def target_of(config: RunConfig, layers: Sequence[MoELayer]) -> Target | None:
    """The target of a run's method for its MoE layers; ``None`` if it has none."""
    method = config.method
    if not method.has_target:
        return None
    groups = {layer.name: [place] for place, layer in enumerate(layers)} if method.per_layer else _together(layers)
    if method.target_rate is not None:
        return rate_target("method.target_rate", method.target_rate, layers, groups)
    assert method.target_bytes is not None
    dtype = torch.bfloat16 if config.training.precision == "bfloat16" else torch.float32
    half = NativeWire("bfloat16")
    return Target(
        "method.target_bytes",
        method.target_bytes,
        tuple(layer.exchange.wire.bytes_per_row(layer.dim, dtype) for layer in layers),
        tuple(half.bytes_per_row(layer.dim, dtype) for layer in layers),
        groups,
    )


def rate_target(
    field: str, rate: float, layers: Sequence[MoELayer], groups: dict[str, list[int]] | None = None
) -> Target:
    """The target of sending this share of rows; all layers together, unless ``groups`` says otherwise."""
    ones = (1.0,) * len(layers)
    return Target(field, rate, ones, ones, groups or _together(layers))


def _together(layers: Sequence[MoELayer]) -> dict[str, list[int]]:
    return {"all": list(range(len(layers)))}
