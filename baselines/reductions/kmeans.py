"""Centroids of k-means, run anew on every batch."""

import torch
from torch import Tensor

from baselines.reductions.drawing import DrawingReduction
from lshmoe import Reduced, Segments, clustered_reduction, clusters_from_assignment, segment_mean


class KMeans(DrawingReduction):
    """Cluster the rows of each expert by a few of Lloyd's iterations and send the centroids.

    Starts from rows drawn at random. Clusters that end empty are not sent, so the rate is an upper bound.

    Args:
        dim: width of the rows; any will do.
        seed: draws the first centroids.
        rate: clusters per row, in (0, 1].
        iterations: updates of the centroids before the last assignment.
        error_compensation: add each row's residual to its centroid's output (§3.2).

    Raises:
        ValueError: if ``rate`` or ``iterations`` is out of range.
    """

    def __init__(
        self, dim: int, seed: int = 0, rate: float = 0.2, iterations: int = 2, error_compensation: bool = True
    ) -> None:
        super().__init__(seed, rate)
        if iterations < 0:
            raise ValueError(f"iterations: must be 0 or more, got {iterations}")
        self.iterations, self.error_compensation = iterations, error_compensation

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Cluster each expert's rows, then average."""
        sizes = self.sizes(counts_E).tolist()
        place_R = self.shuffled_places(counts_E, rows_RD.shape[0])
        counts = counts_E.tolist()
        assignments, first = [], 0
        with torch.no_grad():
            rows = rows_RD if rows_RD.dtype == torch.float64 else rows_RD.float()
            per_expert = zip(torch.split(rows, counts), torch.split(place_R, counts), sizes, strict=True)
            for rows_ND, place_N, size in per_expert:
                if size:
                    assignments.append(self._lloyd(rows_ND, rows_ND[place_N < size]) + first)
                first += size
        numbers_R = torch.cat(assignments) if assignments else place_R
        used_C, assignment_R = torch.unique(numbers_R, return_inverse=True)
        clusters = clusters_from_assignment(assignment_R, counts_E, used_C.shape[0])
        return clustered_reduction(rows_RD, clusters, self.error_compensation)

    def _lloyd(self, rows_ND: Tensor, centroids_KD: Tensor) -> Tensor:
        """int64 ``[N]``: the nearest centroid of each row after the iterations."""
        for _ in range(self.iterations):
            segments = Segments.from_assignment(_nearest(rows_ND, centroids_KD), centroids_KD.shape[0])
            empty_K1 = (segments.sizes_S == 0)[:, None]
            centroids_KD = torch.where(empty_K1, centroids_KD, segment_mean(rows_ND, segments))
        return _nearest(rows_ND, centroids_KD)


def _nearest(rows_ND: Tensor, centroids_KD: Tensor) -> Tensor:
    # |x|² is the same for every centroid, so it is left out.
    return torch.addmm(centroids_KD.square().sum(1), rows_ND, centroids_KD.T, alpha=-2).argmin(1)
