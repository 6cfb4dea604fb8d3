"""Bipartite merging, as in ToMe (Bolya et al., arXiv 2210.09461): similar rows become one, at an exact rate."""

from collections.abc import Mapping

import torch
from torch import Tensor

from baselines.reductions.directions import directions
from baselines.reductions.rates import check_rate, rate_at, rows_at_rate
from baselines.reductions.size_classes import padded_rows, size_classes
from lshmoe import (
    CompensationOption,
    Reduced,
    Reduction,
    Segments,
    as_compensation,
    clustered_reduction,
    clusters_from_assignment,
    expert_of_rows,
    occurrences,
    segment_mean,
    separate_non_finite,
)


class BipartiteMerging(Reduction):
    """Merge the most similar rows of each expert until ``ceil(rate · rows)`` are left; send the means.

    One round: an expert's rows are dealt in turn to two sides, each row of the first side finds its most similar
    partner on the second (by cosine), and the closest of these pairs merge. A round at most halves the rows, so lower
    rates take several; merged rows go on as the mean of all that they stand for. How many rows are sent follows from
    ``counts_E`` alone: shapes are static. ToMe merges tokens for good between layers, here each row gets its mean's
    output back, and ToMe compares attention keys, here rows are compared themselves.

    Work: ``D/2 · sum over experts(rows²)`` operations for the first round, up to four times that with padding; a
    quarter of it for each further one.

    Args:
        dim: width of the rows; any will do.
        seed: accepted like by every reduction; nothing is drawn.
        rate: sent rows per row, in (0, 1].
        error_compensation: of each row's residual to its mean (§3.2); see :func:`~lshmoe.as_compensation`.

    Raises:
        ValueError: if ``rate`` is out of range or ``error_compensation`` unknown.
    """

    def __init__(
        self, dim: int, seed: int = 0, rate: float = 0.2, error_compensation: CompensationOption = True
    ) -> None:
        super().__init__()
        check_rate(rate)
        self.rate, self.error_compensation = rate, as_compensation(error_compensation)

    @property
    def setting(self) -> Mapping[str, float]:
        """The rate, which is the knob."""
        return {"rate": self.rate}

    def tune(self, position: float) -> None:
        """Have ``position`` as the rate."""
        self.rate = rate_at(position)

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Merge, then average."""
        assignment_R, sizes_E = self._merge(rows_RD.detach().nan_to_num(0, 0, 0), counts_E)
        clusters = clusters_from_assignment(assignment_R, counts_E, int(sizes_E.sum()))
        clusters = separate_non_finite(clusters, rows_RD, counts_E)
        return clustered_reduction(rows_RD, clusters, self.error_compensation)

    def _merge(self, rows_RD: Tensor, counts_E: Tensor) -> tuple[Tensor, Tensor]:
        """The cluster of each row, int64 ``[R]``, and the clusters per expert."""
        wanted_E, left_E = rows_at_rate(counts_E, self.rate), counts_E
        assignment_R = torch.arange(rows_RD.shape[0], device=rows_RD.device)
        means_CD = rows_RD
        while not torch.equal(left_E, wanted_E):
            joined_C = _one_round(directions(means_CD), left_E, left_E - wanted_E)
            stays_C = joined_C == torch.arange(len(joined_C), device=joined_C.device)
            number_C = stays_C.cumsum(0) - 1
            assignment_R = number_C[joined_C[assignment_R]]
            expert_C = expert_of_rows(left_E, len(joined_C))
            left_E = occurrences(expert_C[stays_C], len(left_E))
            means_CD = segment_mean(rows_RD, Segments.from_assignment(assignment_R, int(left_E.sum())))
        return assignment_R, left_E


def _one_round(directions_CD: Tensor, counts_E: Tensor, surplus_E: Tensor) -> Tensor:
    """int64 ``[C]``: the row that each row joins, itself if none; ``surplus_E`` bounds how many of an expert do."""
    joined_C = torch.arange(directions_CD.shape[0], device=directions_CD.device)
    for experts_G in size_classes(torch.where(surplus_E > 0, counts_E, 0)):
        rows_GN, valid_GN = padded_rows(counts_E, experts_G)
        first_GA, second_GB = rows_GN[:, 0::2], rows_GN[:, 1::2]
        cosine_GAB = directions_CD[first_GA] @ directions_CD[second_GB].mT
        cosine_GAB = cosine_GAB.masked_fill(~valid_GN[:, None, 1::2], -torch.inf)
        best_GA, partner_GA = cosine_GAB.max(-1)
        best_GA = best_GA.masked_fill(~valid_GN[:, 0::2], -torch.inf)
        closest_GA = best_GA.argsort(dim=1, descending=True, stable=True)
        rank_GA = torch.empty_like(closest_GA).scatter_(
            1, closest_GA, torch.arange(closest_GA.shape[1], device=closest_GA.device).expand_as(closest_GA)
        )
        merges_GA = (rank_GA < surplus_E[experts_G, None]) & valid_GN[:, 0::2]
        joined_C[first_GA[merges_GA]] = second_GB.gather(1, partner_GA)[merges_GA]
    return joined_C
