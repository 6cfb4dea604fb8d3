"""Experts of like size as one padded batch: batched products over ragged groups without a loop over experts."""

from collections import defaultdict

import torch
from torch import Tensor


def size_classes(counts_E: Tensor) -> list[Tensor]:
    """Split the experts that have rows into classes ``[G]`` of expert numbers.

    Counts within a class differ by less than a factor of two, so padding less than doubles the rows, however uneven the
    experts; there are at most log2(R) + 1 classes. Waits for the device once.
    """
    classes: dict[int, list[int]] = defaultdict(list)
    for expert, count in enumerate(counts_E.tolist()):
        if count:
            classes[count.bit_length()].append(expert)
    return [torch.tensor(experts, device=counts_E.device) for experts in classes.values()]


def padded_rows(counts_E: Tensor, experts_G: Tensor) -> tuple[Tensor, Tensor]:
    """Row numbers of a class of experts as a rectangle.

    Args:
        counts_E: int64 ``[E]``, rows per expert; rows are sorted by expert.
        experts_G: int64 ``[G]``, the experts wanted; each has rows.

    Returns:
        rows_GN: int64 ``[G, N]``, row numbers; N is the largest count. Padding repeats the expert's first row.
        valid_GN: bool ``[G, N]``, false on padding.
    """
    counts_G = counts_E[experts_G]
    starts_G = (counts_E.cumsum(0) - counts_E)[experts_G]
    place_N = torch.arange(int(counts_G.max()), device=counts_E.device)
    valid_GN = place_N < counts_G[:, None]
    return starts_G[:, None] + place_N * valid_GN, valid_GN
