"""Where MoE layers go in a stack of transformer blocks."""

from typing import Protocol

from torch import nn

from lshmoe import MoELayer
from lshmoe.integrations.surgery import replace_ffn
from suite.methods import MakeLayer


class StackSize(Protocol):
    """What a stack of like blocks must say of itself."""

    @property
    def width(self) -> int: ...
    @property
    def ffn(self) -> int: ...
    @property
    def moe_every(self) -> int: ...


def place_moe_layers(stack: str, blocks: nn.ModuleList, size: StackSize, make_layer: MakeLayer) -> list[MoELayer]:
    """Replace the FFNs of blocks ``moe_every - 1, 2·moe_every - 1, …`` by layers named ``<stack>.<block>``."""
    layers = []
    for index in range(size.moe_every - 1, len(blocks), size.moe_every):
        layers.append(make_layer(f"{stack}.{index}", size.width, size.ffn))
        replace_ffn(blocks[index], layers[-1])
    return layers
