"""Reductions: which rows travel (paper §3.2, Algorithm 1).

A reduction sees one rank's rows, sorted by expert, and answers with the rows to send and a way back: `restore` turns
the experts' outputs for the sent rows into outputs for all rows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lshmoe.clustering import Clusters, cluster, expert_of_rows, finite_rows, partly_divided
from lshmoe.compensation import (
    Compensation,
    CompensationOption,
    ExactSample,
    as_compensation,
    best_compensation,
    compensate,
    residuals,
)
from lshmoe.hashing import CrossPolytopeHash, SphericalPlaneHash
from lshmoe.segments import Segments, occurrences, segment_mean, spread

# Finest setting of the LSH reduction's knob: even with two outcomes each, more buckets than an expert has rows.
_MOST_FUNCTIONS = 64


@dataclass(frozen=True)
class Reduced:
    """What a reduction decided.

    Attributes:
        rows_CD: ``[C, D]``, the rows to send, sorted by expert.
        counts_E: int64 ``[E]``, rows to send per expert.
        restore: the experts' outputs ``[C, D]`` → outputs for every row ``[R, D]``; differentiable.
        assignment_R: int64 ``[R]``, the sent row that stands for each row, -1 for a row that none does; ``None`` when
            every row travels as itself.
    """

    rows_CD: Tensor
    counts_E: Tensor
    restore: Callable[[Tensor], Tensor]
    assignment_R: Tensor | None = None


class Reduction(nn.Module):
    """Base of all reductions."""

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the rows to send.

        Args:
            rows_RD: ``[R, D]``, sorted by expert.
            counts_E: int64 ``[E]``, rows per expert; sums to R.
        """
        raise NotImplementedError


class IdentityReduction(Reduction):
    """Every row travels: the vanilla method."""

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Send the rows as they are."""
        return Reduced(rows_RD, counts_E, lambda outputs_CD: outputs_CD)


def clustered_reduction(rows_RD: Tensor, clusters: Clusters, compensation: Compensation) -> Reduced:
    """Send the centroid of each cluster; give each row ``E(c) + α·(x - c)``.

    The residual ``x - c`` stays on the rank (§3.2). With fixed clusters and α = 1 the gradient of row i is
    ``Jᵀ·ḡ + g_i - ḡ``, ḡ the mean gradient of its cluster, so the backward pass sends C rows too.

    Args:
        rows_RD: ``[R, D]``, sorted by expert.
        clusters: the cluster of each row.
        compensation: α; 1 is the paper, 0 is none. See :mod:`lshmoe.compensation`.
    """
    return represented_reduction(rows_RD, segment_mean(rows_RD, clusters), clusters, compensation)


def represented_reduction(rows_RD: Tensor, sent_CD: Tensor, clusters: Clusters, compensation: Compensation) -> Reduced:
    """As :func:`clustered_reduction`, with any row ``sent_CD`` ``[C, D]`` in the place of each cluster's centroid."""
    if isinstance(compensation, ExactSample):
        return _sampled_reduction(rows_RD, sent_CD, clusters, compensation)

    def restore(outputs_CD: Tensor) -> Tensor:
        return compensate(outputs_CD, sent_CD, rows_RD, clusters, compensation)

    return Reduced(sent_CD, clusters.counts_E, restore, clusters.assignment_R)


def _sampled_reduction(rows_RD: Tensor, sent_CD: Tensor, clusters: Clusters, sample: ExactSample) -> Reduced:
    """Send the clusters' rows and a sample of all rows; α is the one that suits the sample best."""
    num_clusters = sent_CD.shape[0]
    sampled_S = sample.places(rows_RD.shape[0], rows_RD.device)
    # 1. Both sorted by expert, the clusters' rows before the sample's.
    expert_C = expert_of_rows(clusters.counts_E, num_clusters)
    expert_S = expert_C[clusters.assignment_R[sampled_S]]
    order_M = torch.argsort(torch.cat([expert_C, expert_S]), stable=True)
    place_M = torch.empty_like(order_M).scatter_(0, order_M, torch.arange(len(order_M), device=order_M.device))
    rows_MD = torch.cat([sent_CD, rows_RD.index_select(0, sampled_S)]).index_select(0, order_M)
    counts_E = clusters.counts_E + occurrences(expert_S, clusters.counts_E.shape[0])
    assignment_R = place_M[clusters.assignment_R].index_copy_(0, sampled_S, place_M[num_clusters:])

    def restore(outputs_MD: Tensor) -> Tensor:
        outputs_CD, exact_SD = outputs_MD.index_select(0, place_M).tensor_split([num_clusters])
        # 2. Fit α to the sample, then use it for all other rows.
        own_S = Segments.from_assignment(clusters.assignment_R[sampled_S], num_clusters)
        residuals_SD = residuals(sent_CD, rows_RD.index_select(0, sampled_S), own_S)
        alpha = best_compensation(exact_SD, spread(outputs_CD, own_S), residuals_SD)
        outputs_RD = compensate(outputs_CD, sent_CD, rows_RD, clusters, alpha)
        return outputs_RD.index_copy(0, sampled_S, exact_SD)

    return Reduced(rows_MD, counts_E, restore, assignment_R)


class LSHReduction(Reduction):
    """The paper's method: cluster rows by their hash codes and send centroids.

    The knob is the number of hash functions, from 0 (one centroid per expert) to 64. It moves in small steps: at 2.3
    functions, three are drawn, and of the buckets of the third one 30 % stand for themselves; the others stay together
    where the first two agree (:func:`~lshmoe.clustering.partly_divided`). A whole number is the paper's hash.

    Args:
        hash: maps rows ``[R, D]`` to codes ``[R, H]``.
        error_compensation: how much of each row's residual is added to its centroid's output (§3.2): ``True`` is all,
            as in the paper, ``False`` none; see :func:`~lshmoe.compensation.as_compensation` for what else it may be.

    Attributes:
        divided: share of its buckets that the last function tells apart.

    Raises:
        ValueError: if ``error_compensation`` is unknown.
    """

    def __init__(
        self, hash: CrossPolytopeHash | SphericalPlaneHash, error_compensation: CompensationOption = True
    ) -> None:
        super().__init__()
        self.hash, self.divided = hash, 1.0
        self.error_compensation = as_compensation(error_compensation)

    @property
    def setting(self) -> Mapping[str, float]:
        """``num_hashes``, with the fraction of the last one."""
        return {"num_hashes": self.hash.num_hashes - 1 + self.divided}

    def tune(self, position: float) -> None:
        """Take ``64 · position`` hash functions; what the seed draws for a number of functions stays the same."""
        functions = position * _MOST_FUNCTIONS
        whole = max(1, math.ceil(functions))
        self.divided = functions - (whole - 1)
        if whole != self.hash.num_hashes:
            device = next(self.hash.buffers()).device
            self.hash = self.hash.with_functions(whole).to(device)

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Hash, cluster and average. Rows with a NaN or an infinity share no cluster with others."""
        codes_RH = partly_divided(self.hash(rows_RD), counts_E, self.divided)
        codes_RH = codes_RH.masked_fill(~finite_rows(rows_RD)[:, None], -1)  # no code is negative
        return clustered_reduction(rows_RD, cluster(codes_RH, counts_E), self.error_compensation)


def lsh_reduction(
    dim: int,
    seed: int = 0,
    family: str = "cross_polytope",
    num_hashes: int = 6,
    coordinates: int | None = None,
    rotation: str = "orthogonal",
    planes: int = 1,
    error_compensation: CompensationOption = True,
) -> LSHReduction:
    """Build the paper's reduction from plain options; the defaults are the paper's (§3.2, §4.2).

    Raises:
        ValueError: if ``family`` is unknown or an option is out of range.
    """
    if family == "cross_polytope":
        return LSHReduction(CrossPolytopeHash(dim, num_hashes, coordinates, rotation, seed), error_compensation)
    if family == "spherical_plane":
        return LSHReduction(SphericalPlaneHash(dim, num_hashes, planes, seed), error_compensation)
    raise ValueError(f"family: {family!r} is unknown; choose from cross_polytope, spherical_plane")
