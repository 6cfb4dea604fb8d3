"""How many rows a rate allows each expert."""

import torch
from torch import Tensor

# Coarsest setting of a knob that is a rate: one row for an expert that has rows.
_COARSEST = 1e-6


def rate_at(position: float) -> float:
    """The rate at a position of a knob that is the rate itself: the position, but in (0, 1]."""
    return min(max(position, _COARSEST), 1.0)


def check_rate(rate: float) -> None:
    """Refuse what is no rate.

    Raises:
        ValueError: if ``rate`` is not in (0, 1].
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate: must be in (0, 1], got {rate}")


def rows_at_rate(counts_E: Tensor, rate: float) -> Tensor:
    """int64 ``[E]``: ``ceil(rate · rows)``; an expert with rows gets at least one."""
    # Products such as 0.07 · 100 land just above the integer that is meant.
    wanted_E = torch.ceil(counts_E.double() * rate - 1e-9).long()
    return torch.minimum(wanted_E.clamp(min=1), counts_E)
