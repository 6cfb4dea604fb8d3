"""Buckets → clusters: rows of one expert whose H codes all agree form a cluster (paper §3.2, Algorithm 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lshmoe.segments import Segments, occurrences

# Random odd 64-bit multipliers' seed: they order rows (`cluster`) and scatter a choice (`partly_divided`).
_MIX_SEED = 0x5DEECE66D
_MIX_BITS = 40


@dataclass(frozen=True)
class Clusters(Segments):
    """Clusters of rows, numbered so that the clusters of expert 0 come first, then those of expert 1, …

    Attributes:
        counts_E: int64 ``[E]``, clusters per expert.
    """

    counts_E: Tensor

    @property
    def sizes_C(self) -> Tensor:
        """int64 ``[C]``: rows per cluster."""
        return self.sizes_S


def expert_of_rows(counts_E: Tensor, num_rows: int) -> Tensor:
    """int64 ``[R]``: the expert of each row, for rows sorted by expert."""
    experts_E = torch.arange(counts_E.shape[0], device=counts_E.device)
    return torch.repeat_interleave(experts_E, counts_E, output_size=num_rows)


def finite_rows(rows_RD: Tensor) -> Tensor:
    """bool ``[R]``: the rows without a NaN or an infinity."""
    # The largest magnitude is NaN or infinite exactly then; a sum could overflow.
    rows_RD = rows_RD.detach()
    return torch.maximum(rows_RD.amax(1), -rows_RD.amin(1)).isfinite()


def clusters_from_assignment(assignment_R: Tensor, counts_E: Tensor, num_clusters: int) -> Clusters:
    """Wrap an assignment of rows (sorted by expert) to clusters that are already numbered by expert."""
    segments = Segments.from_assignment(assignment_R, num_clusters)
    expert_C = torch.zeros(num_clusters, dtype=torch.int64, device=assignment_R.device)
    expert_C[assignment_R] = expert_of_rows(counts_E, assignment_R.shape[0])
    clusters_E = occurrences(expert_C, counts_E.shape[0])
    return Clusters(segments.assignment_R, segments.order_R, segments.sizes_S, clusters_E)


def separate_non_finite(clusters: Clusters, rows_RD: Tensor, counts_E: Tensor) -> Clusters:
    """Take rows with a NaN or an infinity out of their clusters, into new ones, so that they spoil no other row.

    Waits for the device.
    """
    bad_R = ~finite_rows(rows_RD)
    if not bad_R.any():
        return clusters
    expert_R = expert_of_rows(counts_E, rows_RD.shape[0])
    number_R = (2 * expert_R + bad_R) * clusters.sizes_C.shape[0] + clusters.assignment_R
    numbers_C, assignment_R = torch.unique(number_R, return_inverse=True)
    return clusters_from_assignment(assignment_R, counts_E, numbers_C.shape[0])


def _mixed(codes_RH: Tensor) -> Tensor:
    """int64 ``[R]``: the H codes of a row as one number of 40 bits."""
    gen = torch.Generator().manual_seed(_MIX_SEED)
    odd_H = (torch.randint(-(2**62), 2**62, (codes_RH.shape[1],), generator=gen) * 2 + 1).to(codes_RH.device)
    mixed_R: Tensor = (((codes_RH + 1) * odd_H).sum(1) >> 24) & (2**_MIX_BITS - 1)
    return mixed_R


def partly_divided(codes_RH: Tensor, counts_E: Tensor, share: float) -> Tensor:
    """Have the last hash function tell apart only a share of its buckets.

    Without it, the other functions make buckets; with it, each of them falls into parts. A share of all parts is taken
    out, the others stay together as the rest of their bucket. Which parts is a fixed, scattered choice by expert and
    codes: rows of a part agree on it, and a larger share takes out the same parts and more.

    Args:
        codes_RH: int64 ``[R, H]``, for rows sorted by expert.
        counts_E: int64 ``[E]``, rows per expert; sums to R.
        share: of the parts, in [0, 1]; with 1 codes stay as they are, with 0 the last function has no effect.

    Returns:
        int64 ``[R, H]``, not negative.
    """
    if share >= 1:
        return codes_RH
    expert_R1 = expert_of_rows(counts_E, codes_RH.shape[0])[:, None]
    taken_R = _mixed(torch.cat([expert_R1, codes_RH], 1)) < share * 2**_MIX_BITS
    last_R = (codes_RH[:, -1] + 1) * taken_R
    return torch.cat([codes_RH[:, :-1], last_R[:, None]], 1)


def cluster(codes_RH: Tensor, counts_E: Tensor) -> Clusters:
    """Group rows by the tuple (expert, code 1, …, code H).

    Args:
        codes_RH: int64 ``[R, H]``, for rows sorted by expert.
        counts_E: int64 ``[E]``, rows per expert; sums to R.

    Returns:
        Clusters that never cross an expert, ordered by expert. Rows with different codes never share one.

    Raises:
        ValueError: if ``counts_E`` does not add up to R.
    """
    num_rows = codes_RH.shape[0]
    expert_R = expert_of_rows(counts_E, num_rows)
    if num_rows == 0:
        empty = torch.zeros(0, dtype=torch.int64, device=codes_RH.device)
        return Clusters(empty, empty, empty, torch.zeros_like(counts_E))
    # 1. Sort by (expert, 40-bit mix of the codes): one cheap key instead of a lexicographic sort of H columns.
    key_R = (expert_R << _MIX_BITS) | _mixed(codes_RH)
    order_R = torch.argsort(key_R, stable=True)
    # 2. A new cluster starts wherever expert or codes really differ: a clash of keys may split a bucket, never merge.
    sorted_codes_RH, sorted_expert_R = codes_RH[order_R], expert_R[order_R]
    changed = (sorted_codes_RH[1:] != sorted_codes_RH[:-1]).any(1) | (sorted_expert_R[1:] != sorted_expert_R[:-1])
    number_R = torch.cat([changed.new_zeros(1), changed]).cumsum(0)
    # 3. Back to the order of the rows.
    assignment_R = torch.empty_like(order_R).scatter_(0, order_R, number_R)
    starts = torch.cat([changed.new_ones(1), changed])
    return Clusters(
        assignment_R=assignment_R,
        order_R=order_R,
        # The number of clusters is the number of rows to send: the one thing here that a GPU is waited for.
        sizes_S=occurrences(number_R, int(number_R[-1]) + 1),
        counts_E=torch.zeros_like(counts_E).scatter_add_(0, sorted_expert_R, starts.to(counts_E.dtype)),
    )
