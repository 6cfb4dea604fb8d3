"""Four bits per value with a scale per block: NVFP4's floats, and integers in the same blocks."""

import torch
from torch import Tensor

from baselines.wires.block_scaled import TwoLevelScaledWire
from baselines.wires.blocks import pack_nibbles, unpack_nibbles

_E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


class NVFP4Wire(TwoLevelScaledWire):
    """e2m1 codes, an e4m3 scale per 16 values and a float32 scale per row: ``ceil(D / 2) + ceil(D / 16) + 4`` bytes.

    Blocks, codes and block scales are NVFP4's (NVIDIA, arXiv 2509.25149), whose float32 scale is one per tensor. Here
    it is one per row, since rows of one tensor come from many ranks.
    """

    block, limit = 16, 6.0

    def _encode(self, values_CD: Tensor) -> Tensor:
        magnitudes_CD = values_CD.abs().clamp(max=self.limit)
        # Neighbouring codes are 0.5 apart below 2, then 1, from 4 on 2; round() takes ties to the even code.
        steps_CD = torch.where(magnitudes_CD < 2, 0.5, torch.where(magnitudes_CD < 4, 1.0, 2.0))
        rounded_CD = (magnitudes_CD / steps_CD).round() * steps_CD
        grid = torch.tensor(_E2M1, device=values_CD.device)
        return pack_nibbles((torch.bucketize(rounded_CD, grid) + 8 * (values_CD < 0)).to(torch.uint8))

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        grid = torch.tensor([*_E2M1, *(-value for value in _E2M1)], device=codes.device)
        return grid[unpack_nibbles(codes, dim).int()]

    def _code_bytes(self, dim: int) -> int:
        return (dim + 1) // 2


class BlockInt4Wire(TwoLevelScaledWire):
    """int4 codes -7 … 7 in NVFP4's blocks and with its scales, so that the two differ by the type of the codes alone.

    ``ceil(D / 2) + ceil(D / 16) + 4`` bytes. :class:`~baselines.Int4Wire` has one scale per row, which one outlier
    spoils for the whole row.
    """

    block, limit = 16, 7.0

    def _encode(self, values_CD: Tensor) -> Tensor:
        return pack_nibbles((values_CD.round().clamp(-self.limit, self.limit) + 8).to(torch.uint8))

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        return unpack_nibbles(codes, dim).to(torch.float32).sub_(8)

    def _code_bytes(self, dim: int) -> int:
        return (dim + 1) // 2
