"""Reductions whose number of sent rows is chosen: finer settings send more rows, in small steps, and are repeatable."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from baselines import BipartiteMerging, Condensation, KMeans, RandomClusters, RowDropping
from lshmoe import LSHReduction, Reduction, SphericalPlaneHash, Tunable, cluster, expert_of_rows, lsh_reduction
from lshmoe.clustering import partly_divided

DIM = 32
TUNABLE: dict[str, Callable[[], Reduction]] = {
    "lsh": lambda: lsh_reduction(DIM),
    "lsh, 1 coordinate": lambda: lsh_reduction(DIM, coordinates=1),
    "lsh, all coordinates": lambda: lsh_reduction(DIM, coordinates=DIM),
    "lsh, planes": lambda: lsh_reduction(DIM, family="spherical_plane"),
    "lsh, sampled": lambda: lsh_reduction(DIM, error_compensation="estimated"),
    "kmeans": lambda: KMeans(DIM),
    "kmeans, number of clusters": lambda: KMeans(DIM, clusters_per_expert=3),
    "condensation": lambda: Condensation(DIM),
    "condensation, rate": lambda: Condensation(DIM, rate=0.3),
    "bipartite merging": lambda: BipartiteMerging(DIM),
    "random": lambda: RandomClusters(DIM),
    "row dropping": lambda: RowDropping(DIM),
}
# Settings of these divide the clusters of coarser ones, or count rows: more rows on any rows.
ORDERED = {"lsh", "lsh, 1 coordinate", "condensation, rate", "bipartite merging", "random", "row dropping"}
# Other functions are drawn when their number changes, so that the rate may jump a little at a whole number.
REDRAWN = {"lsh, planes", "lsh, all coordinates"}


def rows_of(experts: int = 4, per_expert: int = 150) -> tuple[Tensor, Tensor]:
    """Rows around a few directions per expert, with much noise, as those of a trained layer."""
    gen = torch.Generator().manual_seed(1)
    centres_SD = torch.randn(experts * 12, DIM, generator=gen)
    rows_RD = centres_SD.repeat_interleave(per_expert // 12 + 1, 0)[: experts * per_expert]
    counts_E = torch.full((experts,), per_expert)
    return rows_RD + 0.4 * torch.randn(rows_RD.shape, generator=gen), counts_E


def rate(reduction: Reduction, rows_RD: Tensor, counts_E: Tensor) -> float:
    return int(reduction(rows_RD, counts_E).counts_E.sum()) / len(rows_RD)


@pytest.mark.parametrize("name", TUNABLE)
@torch.no_grad()
def test_every_rate_is_within_two_points_of_some_setting(name: str) -> None:
    reduction, (rows_RD, counts_E) = TUNABLE[name]().eval(), rows_of()
    assert isinstance(reduction, Tunable)
    found = []
    for step in range(801):
        reduction.tune(step / 800)
        found.append(rate(reduction, rows_RD, counts_E))
    rates = torch.tensor(found, dtype=torch.float64)
    assert rates[0] < 0.03 and rates[-1] > 0.9
    assert rates.diff().abs().max() < (0.06 if name in REDRAWN else 0.04)
    if name in ORDERED:
        assert rates.diff().min() >= 0


@pytest.mark.parametrize("name", TUNABLE)
@torch.no_grad()
def test_a_setting_depends_on_its_position_alone(name: str) -> None:
    rows_RD, counts_E = rows_of()
    moved, fresh = TUNABLE[name]().eval(), TUNABLE[name]().eval()
    for position in (0.9, 0.02, 0.31):
        moved.tune(position)
    fresh.tune(0.31)
    assert moved.setting == fresh.setting
    for one, other in zip(moved(rows_RD, counts_E).rows_CD, fresh(rows_RD, counts_E).rows_CD, strict=True):
        assert torch.equal(one, other)


@torch.no_grad()
def test_a_whole_number_of_functions_is_the_paper_s_hash() -> None:
    rows_RD, counts_E = rows_of()
    tuned = lsh_reduction(DIM, seed=5)
    for functions in (1, 3, 6):
        tuned.tune(functions / 64)
        assert tuned.setting == {"num_hashes": functions}
        plain = lsh_reduction(DIM, seed=5, num_hashes=functions)
        assert torch.equal(tuned(rows_RD, counts_E).rows_CD, plain(rows_RD, counts_E).rows_CD)


@torch.no_grad()
def test_a_fraction_of_a_function_takes_out_that_share_of_its_buckets_and_never_merges_any() -> None:
    rows_RD, counts_E = rows_of()
    codes_RH = SphericalPlaneHash(DIM, num_hashes=5)(rows_RD)
    before = cluster(codes_RH[:, :-1], counts_E)
    parts = len(cluster(codes_RH, counts_E).sizes_C)
    for share in (0.0, 0.25, 0.5, 1.0):
        partial_RH = partly_divided(codes_RH, counts_E, share)
        finer = cluster(partial_RH, counts_E)
        pairs = torch.unique(torch.stack([before.assignment_R, finer.assignment_R], 1), dim=0)
        assert len(pairs) == len(finer.sizes_C), "a cluster of the finer setting spans two of the coarser one"
        if 0 < share < 1:
            expert_R = expert_of_rows(counts_E, len(rows_RD))
            taken = torch.unique(torch.cat([expert_R[:, None], partial_RH], 1)[partial_RH[:, -1] > 0], dim=0)
            assert abs(len(taken) / parts - share) < 0.15  # of some 60 parts
        before = finer
    assert len(before.sizes_C) == parts


def test_hashes_that_are_their_own_modules_stay_usable() -> None:
    reduction = LSHReduction(SphericalPlaneHash(DIM, 2))
    reduction.tune(0.5)
    assert reduction.hash.num_hashes == 32 and isinstance(reduction.hash, SphericalPlaneHash)
