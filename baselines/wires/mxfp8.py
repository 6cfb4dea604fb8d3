"""MXFP8: fp8 with a power of two per 32 values (OCP Microscaling Formats, arXiv 2310.10537)."""

import torch
from torch import Tensor

from baselines.wires.block_scaled import BlockScaledWire
from baselines.wires.e4m3 import LARGEST, decode_e4m3, encode_e4m3

_BIAS, _NOT_FINITE = 127, 255
# Where the bits of a float32 hold its exponent, with the same bias as e8m0.
_FLOAT32_EXPONENT = 23


class MXFP8Wire(BlockScaledWire):
    """e4m3 codes and an e8m0 scale (an exponent of two) per 32 values: ``D + ceil(D / 32)`` bytes.

    The scale's exponent is rounded up, so that no value saturates (Mishra et al., arXiv 2506.08027); the standard
    rounds it down. e4m3 being a floating-point type, this costs precision only for the smallest values of a block.
    """

    block = 32

    def _encode(self, values_CD: Tensor) -> Tensor:
        return encode_e4m3(values_CD.clamp(-LARGEST, LARGEST))

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        return decode_e4m3(codes)

    def _code_bytes(self, dim: int) -> int:
        return dim

    def _scale(self, amax_CB: Tensor) -> tuple[Tensor, ...]:
        # frexp is exact: amax / 448 = mantissa · 2**exponent with a mantissa in [0.5, 1), and 0.5 is a power itself.
        mantissa_CB, exponent_CB = torch.frexp(amax_CB / LARGEST)
        exponent_CB = (exponent_CB - (mantissa_CB == 0.5).to(exponent_CB.dtype)).clamp(1 - _BIAS, _BIAS)
        codes_CB = torch.where(amax_CB.isfinite(), exponent_CB + _BIAS, _NOT_FINITE).to(torch.uint8)
        return codes_CB, self._scales(codes_CB)

    def _scales(self, *parts: Tensor) -> Tensor:
        (codes_CB,) = parts
        return codes_CB.int().bitwise_left_shift(_FLOAT32_EXPONENT).view(torch.float32)

    def _scale_bytes(self, blocks: int) -> int:
        return blocks
