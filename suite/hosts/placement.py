"""Puts MoE layers into a host model, and says which tokens they see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from lshmoe import MoELayer
from lshmoe.integrations.surgery import replace_ffn

# ``make_layer(name, width, ffn)`` builds the MoE layer called ``name``.
MakeLayer = Callable[[str, int, int], MoELayer]


@dataclass(frozen=True)
class Stream:
    """MoE layers of a host that see the same tokens, as ``[T, B, D]`` if ``time_first``, else as ``[B, T, D]``."""

    layers: list[MoELayer]
    time_first: bool


class StackSize(Protocol):
    """Sizes of a stack of equal blocks."""

    @property
    def width(self) -> int: ...
    @property
    def ffn(self) -> int: ...
    @property
    def moe_every(self) -> int: ...


def place_moe_layers(
    stack: str, blocks: nn.ModuleList | nn.Sequential, size: StackSize, make_layer: MakeLayer
) -> list[MoELayer]:
    """Replace the FFNs of blocks ``moe_every - 1, 2·moe_every - 1, …`` by layers named ``<stack>.<block>``."""
    layers = []
    for index in range(size.moe_every - 1, len(blocks), size.moe_every):
        layers.append(make_layer(f"{stack}.{index}", size.width, size.ffn))
        replace_ffn(blocks[index], layers[-1])
    return layers
