"""Wire formats: how one row is encoded for an all-to-all.

A wire turns rows into one or more tensors that share the row dimension (a payload, perhaps scales beside it) and back.
It knows nothing about which rows travel or along which path.
"""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

_NATIVE_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Wire(Protocol):
    """What an exchange asks of a wire format."""

    def pack(self, rows_CD: Tensor) -> tuple[Tensor, ...]:
        """Encode rows ``[C, D]`` as tensors ``[C, w_i]``; together they are everything that is sent."""
        ...

    def unpack(self, parts: tuple[Tensor, ...], dim: int, dtype: torch.dtype) -> Tensor:
        """Decode what :meth:`pack` made into rows ``[C, dim]`` of ``dtype``."""
        ...

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Bytes sent per row of width ``dim`` whose native type is ``dtype``, scales included."""
        ...


@runtime_checkable
class PhasedWire(Protocol):
    """A wire for each phase of :data:`lshmoe.traffic.ROW_PHASES`."""

    def for_phase(self, phase: str) -> Wire:
        """The wire of this phase."""
        ...

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Mean of the phases, each of which carries every row that is sent."""
        ...


class NativeWire:
    """Send rows in a floating-point type: their own (``dtype=None``), or cast to a named one.

    Args:
        dtype: ``None``, ``"float32"``, ``"bfloat16"`` or ``"float16"``.

    Raises:
        ValueError: if ``dtype`` is none of these.
    """

    def __init__(self, dtype: str | None = None) -> None:
        if dtype is not None and dtype not in _NATIVE_DTYPES:
            raise ValueError(
                f"dtype: {dtype!r} is not a native wire type; choose from {sorted(_NATIVE_DTYPES)} or None"
            )
        self.dtype = None if dtype is None else _NATIVE_DTYPES[dtype]

    def pack(self, rows_CD: Tensor) -> tuple[Tensor, ...]:
        """Encode rows ``[C, D]`` as one tensor ``[C, D]`` of the wire's type."""
        return (rows_CD if self.dtype is None else rows_CD.to(self.dtype),)

    def unpack(self, parts: tuple[Tensor, ...], dim: int, dtype: torch.dtype) -> Tensor:
        """Decode to rows ``[C, dim]`` of ``dtype``."""
        return parts[0].to(dtype)

    def bytes_per_row(self, dim: int, dtype: torch.dtype) -> float:
        """Bytes per row: ``dim`` times the size of the wire's type."""
        return float(dim * (self.dtype or dtype).itemsize)
