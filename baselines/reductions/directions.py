"""Rows compared by their direction alone."""

import torch
from torch import Tensor


def directions(rows_RD: Tensor) -> Tensor:
    """Unit rows ``[R, D + 1]``: the last column is 1 for zero rows, which makes them alike, and 0 for others."""
    rows_RD = rows_RD.to(torch.promote_types(rows_RD.dtype, torch.float32))
    lengths_R1 = torch.linalg.vector_norm(rows_RD, dim=1, keepdim=True)
    is_zero_R1 = lengths_R1 == 0
    return torch.cat([rows_RD / lengths_R1.masked_fill(is_zero_R1, 1.0), is_zero_R1.to(rows_RD.dtype)], 1)
