"""Made-up tokens of which a wanted part is distinct."""

import torch
from torch import Tensor

from suite.card.shapes import Shape


def alike_tokens(shape: Shape, distinct: float, device: torch.device, dtype: torch.dtype) -> Tensor:
    """``[N, D]``: each token is one of ``distinct·N`` random ones, all but equal to it.

    Tokens that are alike take the same way through the gate, so about ``distinct`` of the rows are left after hashing.
    """
    gen = torch.Generator(device).manual_seed(0)
    groups = max(1, round(distinct * shape.tokens))
    centres = torch.randn(groups, shape.dim, generator=gen, device=device)
    chosen = torch.randint(groups, (shape.tokens,), generator=gen, device=device)
    noise = 1e-4 * torch.randn(shape.tokens, shape.dim, generator=gen, device=device)
    return (centres[chosen] + noise).to(dtype)
