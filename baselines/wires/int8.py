"""int8: one byte per value."""

import torch
from torch import Tensor

from baselines.wires.row_scaled import RowScaledWire


class Int8Wire(RowScaledWire):
    """Symmetric int8 codes -127 … 127 and a float32 scale per row: D + 4 bytes."""

    limit = 127.0

    def _encode(self, values_CD: Tensor) -> Tensor:
        return values_CD.round_().to(torch.int8)

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        return codes.to(torch.float32)

    def _code_bytes(self, dim: int) -> int:
        return dim
