"""Rows as blocks of neighbouring values, and two 4-bit codes per byte."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def to_blocks(rows_CD: Tensor, size: int) -> Tensor:
    """float32 ``[C, B, size]``: rows of any width, the last block filled up with zeros.

    Finite float64 values beyond float32 saturate; NaN and infinities stay what they are.
    """
    if rows_CD.dtype == torch.float64:
        largest = torch.finfo(torch.float32).max
        rows_CD = torch.where(rows_CD.isfinite(), rows_CD.clamp(-largest, largest), rows_CD)
    rows_CD = pad(rows_CD.to(torch.float32), (0, -rows_CD.shape[1] % size))
    return rows_CD.view(rows_CD.shape[0], rows_CD.shape[1] // size, size)


def from_blocks(values_CBK: Tensor, dim: int) -> Tensor:
    """``[C, dim]``: what :func:`to_blocks` made, without the zeros at the end."""
    return values_CBK.flatten(1)[:, :dim]


def num_blocks(dim: int, size: int) -> int:
    """Blocks of a row of width ``dim``."""
    return -(-dim // size)


def pack_nibbles(codes_CD: Tensor) -> Tensor:
    """uint8 ``[C, ceil(D / 2)]``: byte j holds the codes (0 … 15) of columns j (low) and ``ceil(D / 2) + j`` (high)."""
    low_CH, high_CH = _halves(codes_CD)
    return low_CH | pad(high_CH, (0, low_CH.shape[1] - high_CH.shape[1])).bitwise_left_shift(4)


def unpack_nibbles(bytes_CH: Tensor, dim: int) -> Tensor:
    """uint8 ``[C, dim]``: the codes that :func:`pack_nibbles` packed."""
    return torch.cat([bytes_CH & 15, bytes_CH.bitwise_right_shift(4)], 1)[:, :dim]


def _halves(codes_CD: Tensor) -> tuple[Tensor, Tensor]:
    half = (codes_CD.shape[1] + 1) // 2
    return codes_CD[:, :half], codes_CD[:, half:]
