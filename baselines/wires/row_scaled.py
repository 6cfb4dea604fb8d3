"""What fp8, int8 and int4 wires share: one float32 scale per row, and how a value is rounded to a code."""

import torch
from torch import Tensor

from lshmoe import derive_seed

_ROUNDINGS = ("nearest", "stochastic")
_SCALE_BYTES = 4


class RowScaledWire:
    """Base of wires that divide a row by its largest magnitude (amax) and send the quotients as narrow codes.

    A code q stands for ``q / limit · amax``. Computed in this order constant rows (of any signs) and zero rows are
    exact: their codes are ±limit or 0. In float64 they are exact to float32, the type of the scale; finite rows beyond
    float32 saturate. A NaN or infinite row stays non-finite: a wire never hides one.

    Args:
        rounding: ``"nearest"`` (ties to even), or ``"stochastic"``: to either neighbouring code with the probability
            that makes the expected value right.
        seed: draws the noise of stochastic rounding. The noise is a pure function of (seed, scales of the rows): a
            wire has no generator state that a checkpoint could lose, so a resumed run and a recomputed activation round
            alike. It is unbiased over seeds and over rows, not over repetitions of one call, and waits for the device.

    Raises:
        ValueError: if ``rounding`` is neither.
    """

    limit: float  # the largest code
    """Set by each wire, with 1/limit · limit == 1 in float32."""

    def __init__(self, rounding: str = "nearest", seed: int = 0) -> None:
        if rounding not in _ROUNDINGS:
            raise ValueError(f"rounding: {rounding!r} is unknown; choose from {', '.join(_ROUNDINGS)}")
        self.rounding, self.seed = rounding, seed

    def pack(self, rows_CD: Tensor) -> tuple[Tensor, Tensor]:
        """Encode floating-point rows ``[C, D]`` as codes ``[C, w]`` (8-bit) and scales ``[C, 1]`` (float32)."""
        scales_C1 = _row_scales(rows_CD)
        values_CD = (rows_CD / scales_C1).to(torch.float32).mul_(self.limit)
        if rows_CD.dtype == torch.float64:  # which a float32 scale may fall short of, by an ulp or without end
            values_CD.clamp_(-self.limit, self.limit)
        if self.rounding == "stochastic":
            values_CD = self._round_stochastically(values_CD, scales_C1)
        return self._encode(values_CD), scales_C1

    def unpack(self, parts: tuple[Tensor, ...], dim: int, dtype: torch.dtype) -> Tensor:
        """Decode to rows ``[C, dim]`` of ``dtype``."""
        codes, scales_C1 = parts
        return self._decode(codes, dim).mul_(1 / self.limit).mul_(scales_C1).to(dtype)

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Bytes per row: the codes and 4 bytes of scale, whatever ``dtype`` is."""
        return float(self._code_bytes(dim) + _SCALE_BYTES)

    def _round_stochastically(self, values_CD: Tensor, scales_C1: Tensor) -> Tensor:
        device = values_CD.device
        noise_seed = derive_seed(self.seed, int(scales_C1.view(torch.int32).sum()))
        generator = torch.Generator(device).manual_seed(noise_seed)
        steps_CD = self._steps(values_CD)
        values_CD = values_CD / steps_CD
        low_CD = values_CD.floor()
        # floor(noise - fraction) is -1 where the noise is below the fraction, else 0: a value on the grid stays.
        noise_CD = torch.rand(values_CD.shape, generator=generator, device=device)
        return low_CD.sub_(noise_CD.sub_(values_CD.sub_(low_CD)).floor_()).mul_(steps_CD)

    # -- what a wire defines -----------------------------------------------------------------------------------------

    def _steps(self, values_CD: Tensor) -> Tensor:
        """Distance between the codes around each value (broadcastable); 1 for integer codes."""
        return torch.ones((), device=values_CD.device)

    def _encode(self, values_CD: Tensor) -> Tensor:
        """Round float32 values in [-limit, limit], which it may overwrite, to codes ``[C, w]``."""
        raise NotImplementedError

    def _decode(self, codes: Tensor, dim: int) -> Tensor:
        """Codes ``[C, w]`` → a new float32 tensor ``[C, dim]`` in [-limit, limit]."""
        raise NotImplementedError

    def _code_bytes(self, dim: int) -> int:
        raise NotImplementedError


def _row_scales(rows_CD: Tensor) -> Tensor:
    """float32 ``[C, 1]``: largest magnitude per row; 1 for zero rows, so that nothing is divided by zero."""
    amax_C1 = rows_CD.abs().amax(1, keepdim=True)
    if rows_CD.dtype == torch.float64:
        amax_C1 = torch.where(amax_C1.isfinite(), amax_C1.clamp(max=torch.finfo(torch.float32).max), amax_C1)
    scales_C1 = amax_C1.to(torch.float32)
    return scales_C1.masked_fill(scales_C1 == 0, 1.0)
