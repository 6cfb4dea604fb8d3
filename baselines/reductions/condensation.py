"""Token condensation: of rows that point the same way only one travels (arXiv 2411.15419)."""

import torch
from torch import Tensor
from torch.nn import functional

from lshmoe import Reduced, Reduction, clusters_from_assignment, spread


class Condensation(Reduction):
    """Send representatives and give each row the output of the one most similar to it.

    Rows of an expert are taken in order; a row becomes a representative unless an earlier one has a cosine similarity
    of at least ``threshold`` to it. Holds the similarities of one expert's N rows, ``[N, N]``, at a time.

    Args:
        dim: width of the rows; any will do.
        seed: accepted like by every reduction; nothing is drawn.
        threshold: least cosine similarity, in (0, 1].

    Raises:
        ValueError: if ``threshold`` is out of range.
    """

    def __init__(self, dim: int, seed: int = 0, threshold: float = 0.9) -> None:
        super().__init__()
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold: must be in (0, 1], got {threshold}")
        self.threshold = threshold

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the representatives of each expert."""
        with torch.no_grad():
            rows = rows_RD if rows_RD.dtype == torch.float64 else rows_RD.float()
            directions_RD = functional.normalize(rows, dim=1)
            start, chosen = 0, []
            for directions_ND in torch.split(directions_RD, counts_E.tolist()):
                chosen.append(self._representatives(directions_ND) + start)
                start += directions_ND.shape[0]
        sent_C, assignment_R = torch.unique(torch.cat(chosen), return_inverse=True)
        clusters = clusters_from_assignment(assignment_R, counts_E, sent_C.shape[0])
        return Reduced(
            rows_RD.index_select(0, sent_C), clusters.counts_E, lambda outputs_CD: spread(outputs_CD, clusters)
        )

    def _representatives(self, directions_ND: Tensor) -> Tensor:
        """int64 ``[N]``: the row that represents each row."""
        cosine_NN = directions_ND @ directions_ND.T
        # A row always represents itself, whatever rounding (or a zero row) makes of its own cosine.
        cosine_NN.fill_diagonal_(torch.inf)
        similar_NN = cosine_NN >= self.threshold
        earlier_NN = similar_NN.tril(-1)
        undecided_N = similar_NN.new_ones(similar_NN.shape[0])
        leads_N = similar_NN.new_zeros(similar_NN.shape[0])
        # Each round settles, for all rows at once, those whose earlier similar rows are settled.
        while undecided_N.any():
            new_N = undecided_N & ~(earlier_NN & undecided_N).any(1)
            leads_N |= new_N
            undecided_N &= ~(similar_NN & new_N).any(1)
        if not leads_N.any():
            return leads_N.long()
        return cosine_NN.masked_fill_(~leads_N, -torch.inf).argmax(1)
