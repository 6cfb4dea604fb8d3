"""Rows that belong to segments: the one primitive behind clusters (rows → centroids) and tokens (rows → outputs).

Every row r belongs to exactly one of S segments. Summing rows into segments and spreading segment values back to rows
are adjoint linear maps, so each is the other's backward pass.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Segments:
    """Which segment each row belongs to.

    Attributes:
        assignment_R: int64 ``[R]``, the segment of each row, in ``[0, S)``.
        order_R: int64 ``[R]``, row numbers sorted by segment; rows of one segment keep their order.
        sizes_S: int64 ``[S]``, rows per segment; zero is allowed.
    """

    assignment_R: Tensor
    order_R: Tensor
    sizes_S: Tensor

    @classmethod
    def from_assignment(cls, assignment_R: Tensor, num_segments: int) -> "Segments":
        """Build segments from the segment number of each row."""
        return cls(
            assignment_R=assignment_R,
            order_R=torch.argsort(assignment_R, stable=True),
            sizes_S=occurrences(assignment_R, num_segments),
        )

    @property
    def starts_S(self) -> Tensor:
        """int64 ``[S]``: where each segment begins in ``order_R``."""
        return self.sizes_S.cumsum(0) - self.sizes_S


def occurrences(numbers: Tensor, count: int) -> Tensor:
    """int64 ``[count]``: how often each number of ``[0, count)`` occurs; unlike ``bincount`` it waits for no GPU."""
    return numbers.new_zeros(count).scatter_add_(0, numbers, torch.ones_like(numbers))


def segment_sum(rows_RD: Tensor, segments: Segments, weights_R: Tensor | None = None) -> Tensor:
    """Sum the (weighted) rows of each segment.

    Args:
        rows_RD: ``[R, D]``, floating point.
        segments: the segment of each row.
        weights_R: ``[R]``, same dtype as the rows; differentiable too. ``None`` means 1.

    Returns:
        ``[S, D]``; an empty segment gives a zero row.
    """
    out: Tensor = _SegmentSum.apply(rows_RD, weights_R, segments)
    return out


def segment_mean(rows_RD: Tensor, segments: Segments) -> Tensor:
    """Mean of the rows of each segment, ``[S, D]``; an empty segment gives a zero row."""
    # As weights of the sum, the sizes cost R numbers instead of another pass over [S, D].
    weights_R = segments.sizes_S.to(rows_RD.dtype).reciprocal()[segments.assignment_R]
    return segment_sum(rows_RD, segments, weights_R)


def spread(values_SD: Tensor, segments: Segments) -> Tensor:
    """Give each row the value of its segment: ``[S, D] -> [R, D]``."""
    out: Tensor = _Spread.apply(values_SD, segments)
    return out


def _sum_rows(rows_RD: Tensor, segments: Segments, weights_R: Tensor | None) -> Tensor:
    if rows_RD.shape[0] == 0:
        return rows_RD.new_zeros(segments.sizes_S.shape[0], rows_RD.shape[1])
    # embedding_bag is PyTorch's fused gather-and-sum: no [R, D] temporary, vectorised on CPU and CUDA.
    weights = None if weights_R is None else weights_R[segments.order_R].to(rows_RD.dtype)
    return functional.embedding_bag(
        segments.order_R, rows_RD, segments.starts_S, mode="sum", per_sample_weights=weights
    )


class _SegmentSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows_RD: Tensor, weights_R: Tensor | None, segments: Segments) -> Tensor:
        ctx.segments = segments
        if weights_R is not None:
            ctx.save_for_backward(rows_RD, weights_R)
        return _sum_rows(rows_RD, segments, weights_R)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None]:
        saved = ctx.saved_tensors  # read once: activation recompute refuses a second time
        grad_RD = grads[0].index_select(0, ctx.segments.assignment_R)
        if not saved:
            return grad_RD, None, None
        rows_RD, weights_R = saved
        grad_weights_R = torch.linalg.vecdot(grad_RD, rows_RD) if ctx.needs_input_grad[1] else None
        return grad_RD.mul_(weights_R[:, None]), grad_weights_R, None


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values_SD: Tensor, segments: Segments) -> Tensor:
        ctx.segments = segments
        return values_SD.index_select(0, segments.assignment_R)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return _sum_rows(grads[0].contiguous(), ctx.segments, None), None
