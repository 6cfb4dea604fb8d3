"""Control: rows drawn at random do not travel."""

import torch
from torch import Tensor

from baselines.reductions.drawing import DrawingReduction, Rate
from lshmoe import Reduced, expert_of_rows


class RowDropping(DrawingReduction):
    """Send a random subset of each expert's rows; the others get zeros, as from an expert over its capacity.

    A dropped row keeps only what passes beside the layer and gets no gradient through the expert; outputs that do
    arrive are exact and are not scaled up to make good for the others.

    Args:
        dim: width of the rows; any will do.
        seed: draws the subset.
        rate: share of the rows that travel, in (0, 1], or a schedule.

    Raises:
        ValueError: if ``rate`` is out of range.
    """

    def __init__(self, dim: int, seed: int = 0, rate: Rate = 0.2) -> None:
        super().__init__(seed, rate)

    def reduce(self, rows_RD: Tensor, counts_E: Tensor, call: int) -> Reduced:
        """Keep the first rows of a random order of each expert."""
        sizes_E = self.sizes(counts_E, call)
        expert_R = expert_of_rows(counts_E, rows_RD.shape[0])
        places_R = self.shuffled_places(counts_E, rows_RD.shape[0], call)
        kept_C = (places_R < sizes_E[expert_R]).nonzero().flatten()

        def restore(outputs_CD: Tensor) -> Tensor:
            zeros_RD = outputs_CD.new_zeros(rows_RD.shape[0], outputs_CD.shape[1])
            return zeros_RD.index_copy(0, kept_C, outputs_CD)

        assignment_R = torch.full_like(expert_R, -1)
        assignment_R[kept_C] = torch.arange(kept_C.shape[0], device=kept_C.device)
        return Reduced(rows_RD.index_select(0, kept_C), sizes_E, restore, assignment_R)
