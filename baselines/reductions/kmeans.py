"""Centroids of k-means, run anew on every batch: the clustering that the paper calls too slow to run online."""

import torch
from torch import Tensor

from baselines.reductions.drawing import DrawingReduction, Rate
from baselines.reductions.size_classes import padded_rows, size_classes
from lshmoe import (
    Clusters,
    CompensationOption,
    IdentityReduction,
    Reduced,
    Segments,
    as_compensation,
    clustered_reduction,
    clusters_from_assignment,
    expert_of_rows,
    segment_mean,
    separate_non_finite,
)

# Distances held at a time: 64 MiB of float32.
_DISTANCES = 2**24


class KMeans(DrawingReduction):
    """Cluster the rows of each expert by a few of Lloyd's iterations and send the centroids.

    Starts from distinct rows drawn at random. Clusters that end empty, as when rows repeat, are not sent: the rate is
    an upper bound. Work per assignment: ``2·D·sum over experts(rows · clusters)`` operations, up to four times that
    with padding. Gradients treat the assignment as fixed, as for LSH.

    Args:
        dim: width of the rows; any will do.
        seed: draws the first centroids.
        rate: clusters per row, in (0, 1], or a schedule.
        iterations: updates of the centroids before the last assignment.
        error_compensation: of each row's residual to its centroid (§3.2); see :func:`~lshmoe.as_compensation`.
        clusters_per_expert: if given, replaces ``rate``: this many clusters, or as many as the expert has rows.

    Raises:
        ValueError: if ``rate``, ``iterations`` or ``clusters_per_expert`` is out of range, or
            ``error_compensation`` unknown.
    """

    def __init__(
        self,
        dim: int,
        seed: int = 0,
        rate: Rate = 0.2,
        iterations: int = 2,
        error_compensation: CompensationOption = True,
        clusters_per_expert: int | None = None,
    ) -> None:
        super().__init__(seed, rate)
        if iterations < 0:
            raise ValueError(f"iterations: must be 0 or more, got {iterations}")
        if clusters_per_expert is not None and clusters_per_expert < 1:
            raise ValueError(f"clusters_per_expert: must be 1 or more, or None, got {clusters_per_expert}")
        self.iterations, self.error_compensation = iterations, as_compensation(error_compensation)
        self.clusters_per_expert = clusters_per_expert

    def tune(self, position: float) -> None:
        """Have ``position`` as the rate, also in place of a number of clusters."""
        self.clusters_per_expert = None
        super().tune(position)

    def sizes(self, counts_E: Tensor, call: int) -> Tensor:
        """int64 ``[E]``: how many clusters each expert starts with."""
        if self.clusters_per_expert is None:
            return super().sizes(counts_E, call)
        return counts_E.clamp(max=self.clusters_per_expert)

    def reduce(self, rows_RD: Tensor, counts_E: Tensor, call: int) -> Reduced:
        """Cluster each expert's rows, then average."""
        sizes_E = self.sizes(counts_E, call)
        if torch.equal(sizes_E, counts_E) and not isinstance(self.error_compensation, Tensor):
            # Every row is its own cluster: keep their order. A parameter must get its gradient all the same.
            return IdentityReduction().forward(rows_RD, counts_E)
        clusters = separate_non_finite(self._cluster(rows_RD, counts_E, sizes_E, call), rows_RD, counts_E)
        return clustered_reduction(rows_RD, clusters, self.error_compensation)

    def _cluster(self, rows_RD: Tensor, counts_E: Tensor, sizes_E: Tensor, call: int) -> Clusters:
        rows_RD = rows_RD.detach().to(torch.promote_types(rows_RD.dtype, torch.float32)).nan_to_num(0, 0, 0)
        num_clusters = int(sizes_E.sum())
        # 1. The first centroids are rows.
        expert_R = expert_of_rows(counts_E, rows_RD.shape[0])
        chosen_R = self.shuffled_places(counts_E, rows_RD.shape[0], call) < sizes_E[expert_R]
        centroids_CD = rows_RD[chosen_R]
        # 2. Lloyd: average and assign; a centroid that lost all its rows stays where it was.
        assignment_R = _nearest(rows_RD, counts_E, centroids_CD, sizes_E)
        for _ in range(self.iterations):
            segments = Segments.from_assignment(assignment_R, num_clusters)
            empty_C1 = (segments.sizes_S == 0)[:, None]
            centroids_CD = torch.where(empty_C1, centroids_CD, segment_mean(rows_RD, segments))
            assignment_R = _nearest(rows_RD, counts_E, centroids_CD, sizes_E)
        # 3. Number the clusters that have rows.
        used_C, assignment_R = torch.unique(assignment_R, return_inverse=True)
        return clusters_from_assignment(assignment_R, counts_E, used_C.shape[0])


def _nearest(rows_RD: Tensor, counts_E: Tensor, centroids_CD: Tensor, sizes_E: Tensor) -> Tensor:
    """int64 ``[R]``: for each row the nearest centroid of its expert; rows and centroids are sorted by expert."""
    nearest_R = torch.empty(rows_RD.shape[0], dtype=torch.int64, device=rows_RD.device)
    for experts_G in size_classes(counts_E):
        rows_GN, valid_GN = padded_rows(counts_E, experts_G)
        numbers_GM, exists_GM = padded_rows(sizes_E, experts_G)
        centroids_GMD = centroids_CD[numbers_GM]
        # Nearest is the largest x·c - |c|²/2: |x|² is the same for every centroid. Padding is infinitely far.
        far_G1M = (centroids_GMD.square().sum(-1) / 2).masked_fill(~exists_GM, torch.inf)[:, None]
        at_once = max(1, _DISTANCES // numbers_GM.numel())
        for start in range(0, rows_GN.shape[1], at_once):
            rows_GB, valid_GB = rows_GN[:, start : start + at_once], valid_GN[:, start : start + at_once]
            scores_GBM = torch.baddbmm(far_G1M, rows_RD[rows_GB], centroids_GMD.mT, beta=-1)
            nearest_R[rows_GB[valid_GB]] = numbers_GM.gather(1, scores_GBM.argmax(-1))[valid_GB]
    return nearest_R
