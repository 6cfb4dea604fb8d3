"""Token condensation: of rows that point the same way only one travels (Luffy, arXiv 2411.15419)."""

import torch
from torch import Tensor

from baselines.reductions.size_classes import padded_rows, size_classes
from lshmoe import Reduced, Reduction, clusters_from_assignment, spread

# Rows of an expert that are compared with the earlier ones at a time.
_BLOCK = 256


class Condensation(Reduction):
    """Send representatives and give each row the expert's output for the one that stands for it.

    From Luffy this takes the idea that of similar tokens bound for one expert only one need be transmitted. Luffy's
    other half (moving sequences between GPUs) is absent, and choosing representatives is our own, fixed rule: rows of
    an expert are taken in order, and a row becomes a representative unless its cosine similarity to an earlier
    representative exceeds ``threshold``; then it joins the most similar of these. What travels is a row itself, not a
    mean as in LSH-MoE (§3.2), no residual is added, and how many rows travel follows from the data.

    Cosine ignores length: a row and its double share an output. Zero rows count as alike. A representative gets the sum
    of its group's gradients through the expert, the rest of the group none.

    Work: ``D·sum over experts(rows²)`` operations, up to four times that with padding. Memory: about ``512·R``
    similarities at a time, however uneven the experts.

    Args:
        dim: width of the rows; any will do.
        seed: accepted like by every reduction; nothing is drawn.
        threshold: cosine similarity, in (-1, 1). Close to 1 only parallel rows are merged.

    Raises:
        ValueError: if ``threshold`` is out of range.
    """

    def __init__(self, dim: int, seed: int = 0, threshold: float = 0.9) -> None:
        super().__init__()
        if not -1 < threshold < 1:
            raise ValueError(f"threshold: must be in (-1, 1), got {threshold}")
        self.threshold = threshold

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the representatives of each expert; they keep their order."""
        chosen_R = _representatives(_directions(rows_RD.detach()), counts_E, self.threshold)
        sent_C, assignment_R = torch.unique(chosen_R, return_inverse=True)
        clusters = clusters_from_assignment(assignment_R, counts_E, sent_C.shape[0])

        def restore(outputs_CD: Tensor) -> Tensor:
            return spread(outputs_CD, clusters)

        return Reduced(rows_RD.index_select(0, sent_C), clusters.counts_E, restore, assignment_R)


def _directions(rows_RD: Tensor) -> Tensor:
    """Unit rows ``[R, D + 1]``: the last column is 1 for zero rows, which makes them alike, and 0 for others."""
    rows_RD = rows_RD.to(torch.promote_types(rows_RD.dtype, torch.float32))
    lengths_R1 = torch.linalg.vector_norm(rows_RD, dim=1, keepdim=True)
    is_zero_R1 = lengths_R1 == 0
    return torch.cat([rows_RD / lengths_R1.masked_fill(is_zero_R1, 1.0), is_zero_R1.to(rows_RD.dtype)], 1)


def _representatives(directions_RD: Tensor, counts_E: Tensor, threshold: float) -> Tensor:
    """int64 ``[R]``: the row that stands for each row."""
    chosen_R = torch.empty(directions_RD.shape[0], dtype=torch.int64, device=directions_RD.device)
    for experts_G in size_classes(counts_E):
        rows_GN, valid_GN = padded_rows(counts_E, experts_G)
        directions_GND = directions_RD[rows_GN]
        leads_GN = torch.zeros_like(valid_GN)
        for start in range(0, rows_GN.shape[1], _BLOCK):
            stop = min(start + _BLOCK, rows_GN.shape[1])
            rows_GB, valid_GB = rows_GN[:, start:stop], valid_GN[:, start:stop]
            cosine_GBN = directions_GND[:, start:stop] @ directions_GND[:, :stop].mT
            # 1. Of the rows that no earlier block's representative covers, choose those that lead.
            close_GBN = cosine_GBN > threshold
            covered_GB = (close_GBN[:, :, :start] & leads_GN[:, None, :start]).any(-1)
            leads_GB = _first_come(close_GBN[:, :, start:], valid_GB & ~covered_GB)
            leads_GN[:, start:stop] = leads_GB
            # 2. The others join the most similar representative before them.
            earlier_GBN = leads_GN[:, None, :stop].expand_as(close_GBN).tril(start - 1)
            best_GB = cosine_GBN.masked_fill_(~earlier_GBN, -torch.inf).argmax(-1)
            chosen_GB = torch.where(leads_GB, rows_GB, rows_GN.gather(1, best_GB))
            chosen_R[rows_GB[valid_GB]] = chosen_GB[valid_GB]
    return chosen_R


def _first_come(close_GBB: Tensor, free_GB: Tensor) -> Tensor:
    """bool ``[G, B]``: the free rows that lead if, taken in order, a row close to an earlier leader does not.

    Whether a row leads depends on earlier rows only, so repeating the rule for all rows at once settles row 0, then
    row 1, …: at the latest after B rounds, in practice after a handful, nothing changes any more.
    """
    earlier_GBB = close_GBB.tril(-1)
    leads_GB = free_GB
    for _ in range(free_GB.shape[1]):
        previous_GB, leads_GB = leads_GB, free_GB & ~(earlier_GBB & leads_GB[:, None]).any(-1)
        if torch.equal(previous_GB, leads_GB):
            break
    return leads_GB
