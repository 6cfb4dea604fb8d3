"""Narrow rows by projection. This changes the model: experts never see what the projection drops."""

from functools import lru_cache

import torch
from torch import Tensor

from lshmoe import NativeWire, Wire
from lshmoe.seeding import generator


class LatentWire:
    """Send ``x·P`` and take ``x·P·Pᵀ`` for the row, P being ``[D, width]`` with orthonormal columns.

    P is drawn once and fixed. Outputs and gradients pass through it like rows, so the layer computes
    ``E(x·P·Pᵀ)·P·Pᵀ`` and the gradient is exactly that of this changed model: its outputs lie in a space of ``width``
    dimensions. A random P keeps the share ``width / D`` of a row's energy in expectation.

    Args:
        share: ``width / D``, in (0, 1]; the width is rounded up.
        wire: encodes the narrow rows; ``None`` is :class:`~lshmoe.NativeWire`.
        seed: draws P.

    Raises:
        ValueError: if ``share`` is out of range.
    """

    def __init__(self, share: float = 0.25, wire: Wire | None = None, seed: int = 0) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"share: must be in (0, 1], got {share}")
        self.share, self.seed = share, seed
        self.wire = NativeWire() if wire is None else wire

    def pack(self, rows_CD: Tensor) -> tuple[Tensor, ...]:
        """Project rows ``[C, D]`` to ``[C, width]`` and encode them."""
        return self.wire.pack(rows_CD @ self._projection(rows_CD.shape[1], rows_CD))

    def unpack(self, parts: tuple[Tensor, ...], dim: int, dtype: torch.dtype) -> Tensor:
        """Decode and project back to rows ``[C, dim]`` of ``dtype``."""
        narrow_CW = self.wire.unpack(parts, self.width(dim), dtype)
        return narrow_CW @ self._projection(dim, narrow_CW).T

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Bytes of a narrow row."""
        return self.wire.bytes_per_row(self.width(dim), dtype)

    def width(self, dim: int) -> int:
        """Width on the wire of rows of width ``dim``."""
        return -int(-self.share * dim // 1)

    def _projection(self, dim: int, like: Tensor) -> Tensor:
        return _orthonormal(dim, self.width(dim), self.seed).to(like)


@lru_cache
def _orthonormal(dim: int, width: int, seed: int) -> Tensor:
    """float64 ``[dim, width]`` with orthonormal columns, uniform over such matrices."""
    drawn_DW = torch.randn(dim, width, generator=generator("latent", seed), dtype=torch.float64)
    orthonormal_DW: Tensor = torch.linalg.qr(drawn_DW).Q
    return orthonormal_DW
