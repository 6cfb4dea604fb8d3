"""What the wires with a scale per block share: blocks, scales of one byte, and what becomes of NaN."""

import torch
from torch import Tensor

from baselines.wires.blocks import from_blocks, num_blocks, to_blocks
from baselines.wires.e4m3 import LARGEST, decode_e4m3, encode_e4m3

_SCALE_BYTES = 4


class BlockScaledWire:
    """Base of wires that cut a row into blocks of ``block`` values and divide each block by a scale of its own.

    Values are rounded to the nearest code, ties to even. Rows of any width: the last block may be shorter, and only
    codes of real values are sent. Zero blocks are exact. A block with a NaN or an infinity comes back as NaN: a wire
    never hides one. Rows are encoded one by one.
    """

    block: int
    """Values per scale."""

    def pack(self, rows_CD: Tensor) -> tuple[Tensor, ...]:
        """Encode floating-point rows ``[C, D]`` as uint8 codes ``[C, w]`` and what the scales need."""
        values_CBK = to_blocks(rows_CD, self.block)
        *parts, scales_CB = self._scale(values_CBK.abs().amax(2))
        # Infinite for values too small for their block's scale, which is 0 then; NaN has no code.
        quotients_CBK = (values_CBK / scales_CB[:, :, None]).nan_to_num_(0.0, 0.0, 0.0)
        return self._encode(from_blocks(quotients_CBK, rows_CD.shape[1])), *parts

    def unpack(self, parts: tuple[Tensor, ...], dim: int, dtype: torch.dtype) -> Tensor:
        """Decode to rows ``[C, dim]`` of ``dtype``."""
        codes, *scale_parts = parts
        values_CBK = to_blocks(self._decode(codes, dim), self.block)
        values_CBK = values_CBK * self._scales(*scale_parts)[:, :, None]
        # The largest number of a type may be rounded up, beyond it.
        largest = min(torch.finfo(dtype).max, torch.finfo(torch.float32).max)
        return from_blocks(values_CBK, dim).clamp(-largest, largest).to(dtype)

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Bytes per row: codes and scales, whatever ``dtype`` is."""
        return float(self._code_bytes(dim) + self._scale_bytes(num_blocks(dim, self.block)))

    # -- what a wire defines -----------------------------------------------------------------------------------------

    def _encode(self, values_CD: Tensor) -> Tensor:
        """Round float32 values, which may lie beyond the largest code, to codes ``[C, w]``."""
        raise NotImplementedError

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        """Codes ``[C, w]`` → float32 ``[C, dim]``."""
        raise NotImplementedError

    def _code_bytes(self, dim: int) -> int:
        raise NotImplementedError

    def _scale(self, amax_CB: Tensor) -> tuple[Tensor, ...]:
        """Largest magnitude of each block → the parts that stand for its scale, and last the scale itself."""
        raise NotImplementedError

    def _scales(self, *parts: Tensor) -> Tensor:
        """The parts that :meth:`_scale` made → float32 scales ``[C, B]``, not finite where a value was not."""
        raise NotImplementedError

    def _scale_bytes(self, blocks: int) -> int:
        raise NotImplementedError


class TwoLevelScaledWire(BlockScaledWire):
    """A scale per block in e4m3, relative to a float32 scale per row: ``ceil(D / block) + 4`` bytes.

    The row's scale is such that its largest block gets the largest e4m3 number. A block's scale is rounded to nearest,
    as NVFP4 does it: the block's largest value may saturate by up to 1/16 of itself. Rows without a value above 1e-38
    lose precision with their scale, which is subnormal then.
    """

    limit: float
    """The largest code."""

    def _scale(self, amax_CB: Tensor) -> tuple[Tensor, ...]:
        row_C1 = amax_CB.amax(1, keepdim=True) / (LARGEST * self.limit)
        row_C1 = row_C1.masked_fill(row_C1 == 0, 1.0)
        relative_CB = (amax_CB / (row_C1 * self.limit)).clamp(max=LARGEST).nan_to_num(0.0)
        codes_CB = encode_e4m3(relative_CB)
        return codes_CB, row_C1, self._scales(codes_CB, row_C1)

    def _scales(self, *parts: Tensor) -> Tensor:
        codes_CB, row_C1 = parts
        return decode_e4m3(codes_CB) * row_C1.where(row_C1.isfinite(), torch.nan)

    def _scale_bytes(self, blocks: int) -> int:
        return blocks + _SCALE_BYTES
