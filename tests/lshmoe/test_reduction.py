"""Clusters, and the identities that the clustered reduction must satisfy."""

import pytest
import torch

from lshmoe import (
    Segments,
    cluster,
    clustered_reduction,
    expert_of_rows,
    lsh_reduction,
    segment_mean,
    segment_sum,
    spread,
)


def double(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def some_clusters(rows: int = 60, counts=(20, 0, 30, 10)):
    codes = torch.randint(0, 3, (rows, 2), generator=torch.Generator().manual_seed(3))
    return codes, torch.tensor(counts), cluster(codes, torch.tensor(counts))


def test_clusters_are_the_tuples_of_expert_and_codes():
    codes, counts, clusters = some_clusters()
    experts = expert_of_rows(counts, 60).tolist()
    keys = [(e, *c) for e, c in zip(experts, codes.tolist(), strict=True)]
    groups: dict[tuple, set] = {}
    for key, number in zip(keys, clusters.assignment_R.tolist(), strict=True):
        groups.setdefault(key, set()).add(number)
    assert all(len(numbers) == 1 for numbers in groups.values())
    assert len(set().union(*groups.values())) == len(groups) == clusters.sizes_C.shape[0]


def test_clusters_are_ordered_by_expert_and_counted():
    _, counts, clusters = some_clusters()
    expert_of_cluster = expert_of_rows(clusters.counts_E, int(clusters.counts_E.sum()))
    torch.testing.assert_close(expert_of_cluster[clusters.assignment_R], expert_of_rows(counts, 60))
    torch.testing.assert_close(clusters.sizes_C, torch.bincount(clusters.assignment_R))
    torch.testing.assert_close(clusters.order_R, torch.argsort(clusters.assignment_R, stable=True))
    assert clusters.counts_E[1] == 0


def test_equal_codes_of_two_experts_stay_apart():
    assert cluster(torch.zeros(4, 6, dtype=torch.int64), torch.tensor([2, 2])).assignment_R.tolist() == [0, 0, 1, 1]


def test_no_rows_no_clusters():
    clusters = cluster(torch.zeros(0, 6, dtype=torch.int64), torch.zeros(4, dtype=torch.int64))
    assert clusters.counts_E.tolist() == [0, 0, 0, 0]
    assert clusters.sizes_C.shape == (0,)


def test_segments_pass_gradcheck_with_an_empty_segment():
    segments = Segments.from_assignment(torch.tensor([2, 0, 2, 3, 0]), 4)
    rows, weights = double(5, 3).requires_grad_(), double(5, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda r, w: segment_sum(r, segments, w), (rows, weights))
    assert torch.autograd.gradcheck(lambda r: segment_mean(r, segments), (rows,))
    assert torch.autograd.gradcheck(lambda v: spread(v, segments), (double(4, 3).requires_grad_(),))
    assert segment_sum(rows, segments)[1].eq(0).all()


def test_residuals_sum_to_zero_and_cluster_means_are_the_experts_outputs():
    _, _, clusters = some_clusters()
    rows = double(60, 5) * torch.logspace(-3, 3, 60, dtype=torch.float64)[:, None]
    reduced = clustered_reduction(rows, clusters, 1.0)
    residuals = rows - spread(reduced.rows_CD, clusters)
    torch.testing.assert_close(segment_sum(residuals, clusters), torch.zeros_like(reduced.rows_CD), rtol=0, atol=1e-10)
    outputs = torch.tanh(reduced.rows_CD)
    torch.testing.assert_close(segment_mean(reduced.restore(outputs), clusters), outputs, rtol=0, atol=1e-10)


def test_identity_experts_give_the_rows_back_only_with_compensation():
    _, _, clusters = some_clusters()
    rows = double(60, 5)
    reduced = clustered_reduction(rows, clusters, 1.0)
    torch.testing.assert_close(reduced.restore(reduced.rows_CD), rows)
    bare = clustered_reduction(rows, clusters, 0.0)
    assert not torch.allclose(bare.restore(bare.rows_CD), rows)


@pytest.mark.parametrize("copies", [2, 5])
def test_duplicates_with_mixed_norms_are_exact_at_rate_one_over_copies(copies):
    distinct = double(12, 16) * torch.logspace(-2, 2, 12, dtype=torch.float64)[:, None]
    rows = distinct.repeat_interleave(copies, 0)
    reduction = lsh_reduction(16, num_hashes=12)
    reduced = reduction(rows, torch.tensor([12 * copies]))
    assert reduced.rows_CD.shape[0] == 12
    torch.testing.assert_close(reduced.restore(reduced.rows_CD.tanh()), rows.tanh())


def test_rows_of_one_direction_share_a_centroid_whatever_their_norm():
    rows = double(1, 16) * torch.tensor([[0.5], [1.0], [4.0]], dtype=torch.float64)
    reduced = lsh_reduction(16)(rows, torch.tensor([3]))
    torch.testing.assert_close(reduced.rows_CD, rows.mean(0, keepdim=True))


def test_gradient_with_fixed_buckets_follows_the_formula():
    _, _, clusters = some_clusters()
    rows, grad = double(60, 5).requires_grad_(), double(60, 5, seed=2)
    weight = double(5, 5, seed=7)
    reduced = clustered_reduction(rows, clusters, 1.0)
    (reduced.restore(reduced.rows_CD @ weight) * grad).sum().backward()
    mean = spread(segment_mean(grad, clusters), clusters)
    torch.testing.assert_close(rows.grad, mean @ weight.T + grad - mean)


def test_unknown_family_is_named():
    with pytest.raises(ValueError, match="family"):
        lsh_reduction(8, family="simhash")
