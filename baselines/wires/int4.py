"""int4: two values per byte."""

import torch
from torch import Tensor

from baselines.wires.row_scaled import RowScaledWire


class Int4Wire(RowScaledWire):
    """Symmetric int4 codes -7 … 7 and a float32 scale per row: ceil(D / 2) + 4 bytes.

    Byte j holds ``16 · high + low + 8``: low is the code of column j, high that of column ``ceil(D / 2) + j``. Halves
    instead of neighbouring columns, so that packing and unpacking touch contiguous memory. With an odd width the last
    high code is 0.
    """

    limit = 7.0

    def _encode(self, values_CD: Tensor) -> Tensor:
        half = self._code_bytes(values_CD.shape[1])
        values_CD.round_()
        bytes_CH = values_CD[:, :half] + 8
        bytes_CH[:, : values_CD.shape[1] - half].add_(values_CD[:, half:], alpha=16)
        return bytes_CH.to(torch.int8)

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        half = codes.shape[1]
        values_CD = torch.empty(codes.shape[0], dim, device=codes.device)
        values_CD[:, :half] = (codes & 15) - 8
        # An arithmetic shift rounds down, and low + 8 is in 1 … 15: it gives high whatever its sign.
        values_CD[:, half:] = codes[:, : dim - half] >> 4
        return values_CD

    def _code_bytes(self, dim: int) -> int:
        return (dim + 1) // 2
