"""Token condensation: of rows that point the same way only one travels (Luffy, arXiv 2411.15419)."""

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
    as_compensation,
    clusters_from_assignment,
    expert_of_rows,
    finite_rows,
    occurrences,
    represented_reduction,
)

# Rows of an expert that are compared with the earlier ones at a time.
_BLOCK = 256
# Halvings of the search for a threshold. 1 - cosine is searched from 2 down to 1e-6 on a logarithmic scale, so the last
# step is a factor of 1.004.
_HALVINGS = 12
# Range of 1 - cosine, from 2 down, that the knob sweeps.
_DECADES = 6


class Condensation(Reduction):
    """Send representatives and give each row the expert's output for the one that stands for it.

    From Luffy this takes the idea that of similar tokens bound for one expert only one need be transmitted. Luffy's
    other half (moving sequences between GPUs) is absent, and choosing representatives is our own, fixed rule: rows of
    an expert are taken in order, and a row becomes a representative unless its cosine similarity to an earlier
    representative exceeds ``threshold``; then it joins the most similar of these. What travels is a row itself, not a
    mean as in LSH-MoE (§3.2), and how many rows travel follows from the data, unless a rate is asked for: then each
    expert gets the highest threshold found that sends at most ``ceil(rate · rows)`` rows.

    Cosine ignores length: a row and its double share an output. Zero rows count as alike. A representative gets the sum
    of its group's gradients through the expert, the rest of the group none.

    Work: ``D·sum over experts(rows²)`` operations, up to four times that with padding; with a rate 14 times as many.
    Memory: about ``512·R`` similarities at a time, however uneven the experts.

    Args:
        dim: width of the rows; any will do.
        seed: accepted like by every reduction; nothing is drawn.
        threshold: cosine similarity, in (-1, 1). Close to 1 only parallel rows are merged.
        rate: if given, replaces ``threshold``: sent rows per row, in (0, 1], an upper bound.
        error_compensation: of each row's residual to its representative (§3.2), which Luffy does not have; see
            :func:`~lshmoe.as_compensation`.

    Raises:
        ValueError: if ``threshold`` or ``rate`` is out of range, or ``error_compensation`` unknown.
    """

    def __init__(
        self,
        dim: int,
        seed: int = 0,
        threshold: float = 0.9,
        rate: float | None = None,
        error_compensation: CompensationOption = False,
    ) -> None:
        super().__init__()
        if not -1 < threshold < 1:
            raise ValueError(f"threshold: must be in (-1, 1), got {threshold}")
        if rate is not None:
            check_rate(rate)
        self.threshold, self.rate = threshold, rate
        self.error_compensation = as_compensation(error_compensation)

    @property
    def setting(self) -> Mapping[str, float]:
        """The threshold, or the rate if there is one: whichever it is, is the knob."""
        return {"threshold": self.threshold} if self.rate is None else {"rate": self.rate}

    def tune(self, position: float) -> None:
        """Have ``position`` as the rate if there is one; else bring the threshold from -1 towards 1.

        ``1 - threshold`` falls from 2 to 2e-6 by equal factors, because rows of one expert are often nearly parallel.
        """
        if self.rate is None:
            self.threshold = 1 - 2 * 10 ** (-_DECADES * position)
        else:
            self.rate = rate_at(position)

    def forward(self, rows_RD: Tensor, counts_E: Tensor) -> Reduced:
        """Choose the representatives of each expert; they keep their order."""
        unit_RD = directions(rows_RD.detach())
        if self.rate is None:
            threshold_E = unit_RD.new_full(counts_E.shape, self.threshold)
        else:
            threshold_E = _thresholds(unit_RD, counts_E, rows_at_rate(counts_E, self.rate))
        sent_C, assignment_R = torch.unique(_representatives(unit_RD, counts_E, threshold_E), return_inverse=True)
        clusters = clusters_from_assignment(assignment_R, counts_E, sent_C.shape[0])
        return represented_reduction(rows_RD, rows_RD.index_select(0, sent_C), clusters, self.error_compensation)


def _thresholds(directions_RD: Tensor, counts_E: Tensor, wanted_E: Tensor) -> Tensor:
    """``[E]``: by bisection, the highest threshold that leaves at most ``wanted_E`` representatives."""
    expert_R = expert_of_rows(counts_E, directions_RD.shape[0])
    row_R = torch.arange(directions_RD.shape[0], device=directions_RD.device)

    def fits(distance_E: Tensor) -> Tensor:
        leads_R = _representatives(directions_RD, counts_E, 1 - distance_E) == row_R
        return occurrences(expert_R[leads_R], counts_E.shape[0]) <= wanted_E

    # At a distance above 2 every row is close to the first one, so that one representative is left.
    near_E = directions_RD.new_full(counts_E.shape, 1e-6)
    far_E = torch.where(fits(near_E), near_E, 2.1)
    for _ in range(_HALVINGS):
        middle_E = (near_E * far_E).sqrt()
        fits_E = fits(middle_E)
        near_E, far_E = torch.where(fits_E, near_E, middle_E), torch.where(fits_E, middle_E, far_E)
    return 1 - far_E


def _representatives(directions_RD: Tensor, counts_E: Tensor, threshold_E: Tensor) -> Tensor:
    """int64 ``[R]``: the row that stands for each row; ``threshold_E`` is each expert's threshold."""
    chosen_R = torch.empty(directions_RD.shape[0], dtype=torch.int64, device=directions_RD.device)
    finite_R = finite_rows(directions_RD)
    for experts_G in size_classes(counts_E):
        rows_GN, valid_GN = padded_rows(counts_E, experts_G)
        directions_GND = directions_RD[rows_GN]
        leads_GN, finite_GN = torch.zeros_like(valid_GN), finite_R[rows_GN]
        for start in range(0, rows_GN.shape[1], _BLOCK):
            stop = min(start + _BLOCK, rows_GN.shape[1])
            rows_GB, valid_GB = rows_GN[:, start:stop], valid_GN[:, start:stop]
            cosine_GBN = directions_GND[:, start:stop] @ directions_GND[:, :stop].mT
            # 1. Of the rows that no earlier block's representative covers, choose those that lead.
            close_GBN = cosine_GBN > threshold_E[experts_G, None, None]
            covered_GB = (close_GBN[:, :, :start] & leads_GN[:, None, :start]).any(-1)
            leads_GB = _first_come(close_GBN[:, :, start:], valid_GB & ~covered_GB)
            leads_GN[:, start:stop] = leads_GB
            # 2. The others join the most similar representative before them. NaN is close to none, but the maximum.
            earlier_GBN = (leads_GN & finite_GN)[:, None, :stop].expand_as(close_GBN).tril(start - 1)
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
