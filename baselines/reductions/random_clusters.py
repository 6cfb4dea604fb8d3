"""Control: clusters drawn at random, as many as a rate asks for."""

import torch
from torch import Tensor

from baselines.reductions.drawing import DrawingReduction, Rate
from lshmoe import (
    CompensationOption,
    IdentityReduction,
    Reduced,
    as_compensation,
    clustered_reduction,
    clusters_from_assignment,
    expert_of_rows,
)


class RandomClusters(DrawingReduction):
    """Send centroids of random clusters: what is left of the method when similarity is taken away.

    Clusters of one expert are equally large up to one row.

    Args:
        dim: width of the rows; any will do.
        seed: draws the clusters.
        rate: clusters per row, in (0, 1], or a schedule.
        error_compensation: of each row's residual to its centroid (§3.2); see :func:`~lshmoe.as_compensation`.

    Raises:
        ValueError: if ``rate`` is out of range or ``error_compensation`` unknown.
    """

    def __init__(
        self, dim: int, seed: int = 0, rate: Rate = 0.2, error_compensation: CompensationOption = True
    ) -> None:
        super().__init__(seed, rate)
        self.error_compensation = as_compensation(error_compensation)

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Deal the rows of each expert to its clusters in a random order."""
        sizes_E = self.sizes(counts_E)
        if torch.equal(sizes_E, counts_E) and not isinstance(self.error_compensation, Tensor):
            # Every row is its own cluster: keep their order. A parameter must get its gradient all the same.
            return IdentityReduction().forward(rows_RD, counts_E)
        first_E = sizes_E.cumsum(0) - sizes_E
        expert_R = expert_of_rows(counts_E, rows_RD.shape[0])
        place_R = self.shuffled_places(counts_E, rows_RD.shape[0])
        assignment_R = first_E[expert_R] + place_R % sizes_E[expert_R]
        clusters = clusters_from_assignment(assignment_R, counts_E, int(sizes_E.sum()))
        return clustered_reduction(rows_RD, clusters, self.error_compensation)
