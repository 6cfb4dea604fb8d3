"""One float32 scale per row, shared by every quantising wire.

The scale is the row's largest magnitude, so a row whose elements are all ``±a`` (or 0) comes back exactly. A row with a
NaN or an infinity comes back as NaN: quantisation never hides it.
"""

import torch
from torch import Tensor

from lshmoe.seeding import generator

SCALE_BYTES = torch.float32.itemsize


def normalise(rows_CD: Tensor) -> tuple[Tensor, Tensor]:
    """Split rows ``[C, D]`` into scales, float32 ``[C, 1]``, and float32 rows ``[C, D]`` in [-1, 1]."""
    rows = rows_CD.float()
    scales_C1 = rows.abs().amax(1, keepdim=True)
    return scales_C1, rows / scales_C1.masked_fill(scales_C1 == 0, 1)


def denormalise(quantised_CD: Tensor, largest: float, scales_C1: Tensor, dtype: torch.dtype) -> Tensor:
    """Decode ``q / largest · scale`` as ``[C, D]`` of ``dtype``; dividing first is what makes ``±a`` exact."""
    return (quantised_CD.float() / largest * scales_C1).to(dtype)


def to_integers(unit_CD: Tensor, largest: int, stochastic: bool, seed: int) -> Tensor:
    """Round float32 rows in [-1, 1] to integers in ``[-largest, largest]``, still float32.

    Stochastic rounding is unbiased. Its noise is drawn from ``seed`` and the rows themselves, so a wire has no state
    and a resumed run rounds as the uninterrupted one.
    """
    scaled_CD = unit_CD * largest
    if stochastic:
        fingerprint = int(unit_CD.contiguous().view(torch.int32).sum(dtype=torch.int64))
        noise_CD = torch.rand(unit_CD.shape, generator=generator("stochastic rounding", seed, fingerprint))
        rounded_CD = (scaled_CD + noise_CD.to(unit_CD.device)).floor()
    else:
        rounded_CD = scaled_CD.round()
    return rounded_CD.nan_to_num(0).clamp(-largest, largest)
