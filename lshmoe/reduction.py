"""Reductions: which rows travel (paper §3.2, Algorithm 1).

A reduction sees one rank's rows, sorted by expert, and answers with the rows to send and a way back: `restore` turns
the experts' outputs for the sent rows into outputs for all rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from lshmoe.clustering import Clusters, cluster, finite_rows
from lshmoe.hashing import CrossPolytopeHash, SphericalPlaneHash
from lshmoe.segments import segment_mean, spread


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


def clustered_reduction(rows_RD: Tensor, clusters: Clusters, error_compensation: bool) -> Reduced:
    """Send the centroid of each cluster; give each row ``E(c) + (x - c)``, or ``E(c)`` without compensation.

    The residual ``x - c`` stays on the rank (§3.2). With fixed clusters the gradient of row i is
    ``Jᵀ·ḡ + g_i - ḡ``, ḡ the mean gradient of its cluster, so the backward pass sends C rows too.
    """
    centroids_CD = segment_mean(rows_RD, clusters)

    def restore(outputs_CD: Tensor) -> Tensor:
        if not error_compensation:
            return spread(outputs_CD, clusters)
        # E(c) - c per cluster first: one gather of rows instead of two.
        return spread(outputs_CD - centroids_CD, clusters).add_(rows_RD)

    return Reduced(centroids_CD, clusters.counts_E, restore, clusters.assignment_R)


class LSHReduction(Reduction):
    """The paper's method: cluster rows by their hash codes and send centroids.

    Args:
        hash: maps rows ``[R, D]`` to codes ``[R, H]``.
        error_compensation: add each row's residual to its centroid's output (§3.2).
    """

    def __init__(self, hash: nn.Module, error_compensation: bool = True) -> None:
        super().__init__()
        self.hash = hash
        self.error_compensation = error_compensation

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Hash, cluster and average. Rows with a NaN or an infinity share no cluster with others."""
        codes_RH = self.hash(rows_RD).masked_fill(~finite_rows(rows_RD)[:, None], -1)  # no code is negative
        return clustered_reduction(rows_RD, cluster(codes_RH, counts_E), self.error_compensation)


def lsh_reduction(
    dim: int,
    seed: int = 0,
    family: str = "cross_polytope",
    num_hashes: int = 6,
    coordinates: int | None = None,
    rotation: str = "orthogonal",
    planes: int = 1,
    error_compensation: bool = True,
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
