"""fp8: one byte per value, floating point (Micikevicius et al., arXiv 2209.05433)."""

import torch
from torch import Tensor

from baselines.wires.e4m3 import decode_e4m3
from baselines.wires.row_scaled import RowScaledWire

_TYPES = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}
_MANTISSA_BITS = {"e4m3": 3, "e5m2": 2}
_FLOAT32_EXPONENT = 0x7F800000


class FP8Wire(RowScaledWire):
    """fp8 codes and a float32 scale per row: D + 4 bytes.

    Rows are scaled to the type's whole range (448 or 57344). Codes travel as uint8: gloo refuses float8 tensors.

    Args:
        format: ``"e4m3"`` (e4m3fn: 3 mantissa bits) or ``"e5m2"`` (2 mantissa bits, wider range).
        rounding: see :class:`~baselines.wires.row_scaled.RowScaledWire`.
        seed: see there.

    Raises:
        ValueError: if ``format`` or ``rounding`` is unknown.
    """

    def __init__(self, format: str = "e4m3", rounding: str = "nearest", seed: int = 0) -> None:
        super().__init__(rounding, seed)
        if format not in _TYPES:
            raise ValueError(f"format: {format!r} is unknown; choose from {', '.join(_TYPES)}")
        self.format, self.dtype = format, _TYPES[format]
        self.limit = torch.finfo(self.dtype).max

    def _steps(self, values_CD: Tensor) -> Tensor:
        # Keeping only the exponent bits of a float32 gives the power of two at or below its magnitude.
        powers_CD = (values_CD.view(torch.int32) & _FLOAT32_EXPONENT).view(torch.float32)
        relative_step = 2.0 ** -_MANTISSA_BITS[self.format]
        return powers_CD.mul_(relative_step).clamp_(min=torch.finfo(self.dtype).smallest_normal * relative_step)

    def _encode(self, values_CD: Tensor) -> Tensor:
        return values_CD.to(self.dtype).view(torch.uint8)

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        if self.format == "e5m2":
            return codes.view(self.dtype).to(torch.float32)
        return decode_e4m3(codes)

    def _code_bytes(self, dim: int) -> int:
        return dim
