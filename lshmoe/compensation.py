"""Error compensation (paper §3.2): how much of a row's residual is added to the output of what was sent for it.

The row x gets ``E(c) + α·(x - c)``, c being the row that was sent. The paper fixes α = 1; no compensation is α = 0.
The error is at most ``Lip(E - α·I)·‖x - c‖``: α = 1 takes the expert's Jacobian for the identity. Beside a skip
connection, which carries ``x - c`` already, the best α depends on the expert; it can be learned, or estimated from a
few rows that are sent exactly.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from lshmoe.segments import Segments, segment_sum, spread


@dataclass(frozen=True)
class ExactSample:
    """Estimate α anew in every forward pass, from rows that are sent exactly beside the others.

    Attributes:
        share: of the rows, in (0, 1]; every ``1/share``-th row in the order of the experts is one. Their bytes are on
            the wire and in the meters; their outputs are exact.

    Raises:
        ValueError: if ``share`` is out of range.
    """

    share: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"error_compensation: the share of exact rows must be in (0, 1], got {self.share}")

    def places(self, num_rows: int, device: torch.device) -> Tensor:
        """int64 ``[S]``: the rows that are sent exactly; at least one if there are any. No randomness: a forward pass
        that is recomputed sends the same."""
        every = round(1 / self.share)
        first = max(0, min(every // 2, num_rows - 1))
        return torch.arange(first, max(num_rows, first), every, device=device)


Compensation = float | Tensor | ExactSample
"""α: a fixed number, a scalar tensor (a parameter that learns), or an estimate."""
CompensationOption = bool | str | Compensation
"""How a configuration asks for α, see :func:`as_compensation`."""


def as_compensation(option: CompensationOption) -> Compensation:
    """The α that an option of a configuration asks for.

    Args:
        option: a number; ``True`` or ``False``, 1 and 0; ``"learned"``, a new scalar parameter that starts at 1;
            ``"estimated"``, an :class:`ExactSample` of its default share; or what is an α already.

    Raises:
        ValueError: if it is none of these.
    """
    if option == "learned":
        return nn.Parameter(torch.ones(()))
    if option == "estimated":
        return ExactSample()
    if isinstance(option, Tensor | ExactSample):
        return option
    if isinstance(option, int | float) and math.isfinite(option):  # bool is an int
        return float(option)
    raise ValueError(f"error_compensation: must be true, false, a number, learned or estimated, got {option!r}")


def compensate(
    outputs_CD: Tensor, sent_CD: Tensor, rows_RD: Tensor, segments: Segments, alpha: float | Tensor
) -> Tensor:
    """Give each row ``E(c) + α·(x - c)``.

    The residual comes first and is at least float32, the sum is rounded once: with 16-bit rows ``E(c) - c + x`` would
    lose outputs that are small beside the rows.

    Args:
        outputs_CD: ``[C, D]``, outputs of the experts for the sent rows.
        sent_CD: ``[C, D]``, the sent rows c.
        rows_RD: ``[R, D]``, all rows x.
        segments: the sent row of each row.
        alpha: a number or a scalar tensor, which gets a gradient if it requires one.

    Returns:
        ``[R, D]``, of the outputs' dtype; differentiable in all tensors.
    """
    if isinstance(alpha, int | float) and alpha == 0:
        return spread(outputs_CD, segments)
    out: Tensor = _Compensate.apply(outputs_CD, sent_CD, rows_RD, alpha, segments)
    return out


def best_compensation(exact_SD: Tensor, approximate_SD: Tensor, residuals_SD: Tensor) -> Tensor:
    """Least-squares α of a sample: the minimiser of ``Σ‖E(x) - E(c) - α·(x - c)‖²``.

    Args:
        exact_SD: ``[S, D]``, outputs E(x) of the sampled rows themselves.
        approximate_SD: ``[S, D]``, outputs E(c) of what was sent for them.
        residuals_SD: ``[S, D]``, their ``x - c``.

    Returns:
        Scalar, at least float32, without gradient; 0 where no row has a residual.
    """
    dtype = torch.promote_types(exact_SD.dtype, torch.float32)
    residuals_SD = residuals_SD.detach().to(dtype)
    differences_SD = exact_SD.detach().to(dtype) - approximate_SD.detach().to(dtype)
    energy = residuals_SD.square().sum()
    return (differences_SD * residuals_SD).sum() / energy.clamp(min=torch.finfo(dtype).tiny)


class _Compensate(torch.autograd.Function):
    """One gather per input and no intermediate tensors for the backward pass, unless α learns."""

    @staticmethod
    def forward(
        ctx: Any, outputs_CD: Tensor, sent_CD: Tensor, rows_RD: Tensor, alpha: float | Tensor, segments: Segments
    ) -> Tensor:
        ctx.alpha, ctx.segments = alpha, segments
        if ctx.needs_input_grad[3]:
            ctx.save_for_backward(sent_CD, rows_RD)
        out_RD = residuals(sent_CD, rows_RD, segments)
        if not _is_one(alpha):
            out_RD.mul_(alpha)
        return out_RD.add_(_gather(outputs_CD, segments)).to(outputs_CD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        grad_RD, alpha = grads[0].contiguous(), ctx.alpha
        grad_outputs_CD = segment_sum(grad_RD, ctx.segments)
        grad_alpha = None
        if ctx.needs_input_grad[3]:
            sent_CD, rows_RD = ctx.saved_tensors
            grad_alpha = (residuals(sent_CD, rows_RD, ctx.segments) * grad_RD).sum().to(alpha).view_as(alpha)
        grad_rows_RD = grad_RD if _is_one(alpha) else alpha * grad_RD
        return grad_outputs_CD, -alpha * grad_outputs_CD, grad_rows_RD, grad_alpha, None


def residuals(sent_CD: Tensor, rows_RD: Tensor, segments: Segments) -> Tensor:
    """A new tensor ``x - c``, ``[R, D]``, at least float32; no gradient."""
    dtype = torch.promote_types(rows_RD.dtype, torch.float32)
    sent_RD = _gather(sent_CD.detach().to(dtype), segments)
    return torch.sub(rows_RD.detach(), sent_RD, out=sent_RD)


def _is_one(alpha: float | Tensor) -> bool:
    """The paper's α, which saves two passes over all rows."""
    return not isinstance(alpha, Tensor) and alpha == 1


def _gather(values_CD: Tensor, segments: Segments) -> Tensor:
    return values_CD.index_select(0, segments.assignment_R)
