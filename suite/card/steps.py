"""A whole training step of a dense block and a MoE block at a GPU's true size, optimiser included."""

from typing import Any

import torch
from torch import Tensor, nn

from suite.card.clock import seconds
from suite.card.layers import make_layer
from suite.card.shapes import Shape
from suite.card.tokens import alike_tokens

TOKENS_PER_SEQUENCE = 1024
HEAD_WIDTH = 64


class _Blocks(nn.Module):
    """Two pre-norm transformer blocks: attention and a dense FFN, attention and the MoE layer."""

    def __init__(self, shape: Shape, method: str, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.moe = make_layer(shape, method, device, dtype)
        heads = max(1, shape.dim // HEAD_WIDTH)
        with device:
            self.attend = nn.ModuleList(nn.MultiheadAttention(shape.dim, heads, batch_first=True) for _ in range(2))
            self.norms = nn.ModuleList(nn.LayerNorm(shape.dim) for _ in range(4))
            dense = nn.Sequential(nn.Linear(shape.dim, shape.hidden), nn.GELU(), nn.Linear(shape.hidden, shape.dim))
        self.ffns = nn.ModuleList([dense, self.moe])
        self.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        for block, (attend, ffn) in enumerate(zip(self.attend, self.ffns, strict=True)):
            normed = self.norms[2 * block](x)
            x = x + attend(normed, normed, normed, need_weights=False)[0]
            x = x + ffn(self.norms[2 * block + 1](x))
        return x


def step(shape: Shape, method: str, distinct: float, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Seconds of forward, backward and a fused AdamW step over the two blocks; rows sent over rows routed."""
    blocks = _Blocks(shape, method, device, dtype)
    optimizer = torch.optim.AdamW(blocks.parameters(), 1e-4, fused=True)
    length = min(TOKENS_PER_SEQUENCE, shape.tokens)
    tokens = shape.tokens // length * length
    x = alike_tokens(shape, distinct, device, dtype)[:tokens].view(-1, length, shape.dim)

    def train() -> None:
        y = blocks(x)
        (y.float().square().mean() + 0.01 * blocks.moe.balance_loss).backward()
        optimizer.step()
        optimizer.zero_grad()

    took = seconds(train, device, rounds=3)
    meters = blocks.moe.traffic
    return {"seconds": took, "tokens": tokens, "rate": meters.rows_sent / meters.rows_routed}
