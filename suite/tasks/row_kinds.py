"""Kinds of tokens, and so of their rows: distinct, repeated, mask or padding."""

import torch
from torch import Tensor

from suite.records.vocabulary import KINDS

DISTINCT, REPEATED, MASK, PADDING = range(len(KINDS))


def kinds_of(tokens_BT: Tensor, padding: int | None = None, masks: Tensor | None = None) -> Tensor:
    """Kind of each token of one rank's batch.

    Args:
        tokens_BT: int64 ``[B, T]``.
        padding: the padding symbol; ``None`` if there is none.
        masks: int64 ``[M]``, symbols that stand for hidden tokens ([MASK], sentinels).

    Returns:
        uint8 ``[B, T]``. The first occurrence of a token in the batch is distinct, all later ones are repeated.
    """
    flat = tokens_BT.flatten()
    _, number = torch.unique(flat, return_inverse=True)
    place = torch.arange(flat.shape[0], device=flat.device)
    first = torch.full_like(place, flat.shape[0]).scatter_reduce(0, number, place, "amin")
    kinds = torch.where(first[number] == place, DISTINCT, REPEATED).to(torch.uint8)
    if masks is not None:
        kinds[torch.isin(flat, masks)] = MASK
    if padding is not None:
        kinds[flat == padding] = PADDING
    return kinds.view_as(tokens_BT)
