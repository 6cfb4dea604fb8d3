"""Other reductions: how many rows they send, what restore gives back, and that draws survive a resume."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import BipartiteMerging, Condensation, KMeans, RandomClusters, RowDropping
from baselines.reductions import condensation, kmeans
from baselines.reductions.rates import rows_at_rate
from lshmoe import MoELayer

DIM = 8
COUNTS = torch.tensor([40, 0, 1, 25, 0])
DRAWING = [RandomClusters, RowDropping, KMeans]
EVERY = [*DRAWING, Condensation, BipartiteMerging]
COMPENSATING = [RandomClusters, KMeans, Condensation, BipartiteMerging]


def rows(seed=0, dtype=torch.float32):
    gen = torch.Generator().manual_seed(seed)
    return torch.randn(int(COUNTS.sum()), DIM, generator=gen).to(dtype)


@pytest.mark.parametrize("kind", [RandomClusters, RowDropping, BipartiteMerging])
@pytest.mark.parametrize(
    ("rate", "sent"),
    [(0.2, [8, 0, 1, 5, 0]), (0.21, [9, 0, 1, 6, 0]), (0.001, [1, 0, 1, 1, 0]), (1, [40, 0, 1, 25, 0])],
)
def test_the_rate_is_met_for_each_expert(kind, rate, sent):
    reduced = kind(DIM, rate=rate)(rows(), COUNTS)
    assert reduced.counts_E.tolist() == sent
    assert reduced.rows_CD.shape == (sum(sent), DIM)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("rate", [0, -0.1, 1.01])
def test_a_rate_out_of_range_is_refused(kind, rate):
    with pytest.raises(ValueError, match="rate: must be in"):
        kind(DIM, rate=rate)


@pytest.mark.parametrize("kind", DRAWING)
def test_draws_change_with_call_and_seed_and_resume_with_the_state(kind):
    first = kind(DIM, seed=4)
    sent = [first(rows(), COUNTS).rows_CD]
    state = {name: value.clone() for name, value in first.state_dict().items()}
    sent.append(first(rows(), COUNTS).rows_CD)
    sent.append(kind(DIM, seed=5)(rows(), COUNTS).rows_CD)
    for a, b in itertools.combinations(sent, 2):
        assert a.shape != b.shape or not torch.equal(a, b)
    resumed = kind(DIM, seed=4)
    resumed.load_state_dict(state)
    assert torch.equal(resumed(rows(), COUNTS).rows_CD, sent[1])


def test_a_schedule_of_rates_is_followed_call_by_call_and_survives_a_checkpoint():
    reduction = RandomClusters(DIM, rate=[(0, 0.5), (2, 0.25)])
    sent = [int(reduction(rows(), COUNTS).counts_E.sum()) for _ in range(4)]
    assert sent[0] == sent[1] > sent[2] == sent[3]
    resumed = RandomClusters(DIM, rate=[(0, 0.5), (2, 0.25)])
    resumed.load_state_dict(reduction.state_dict())
    assert resumed.rate == 0.25
    for wrong in ([(1, 0.5)], [(0, 0.5), (0, 0.2)], [(0, 0.5), (3, 0.2), (2, 0.1)]):
        with pytest.raises(ValueError, match="a schedule must begin at call 0 and go on in order"):
            RandomClusters(DIM, rate=wrong)


def test_a_rate_that_means_a_whole_number_is_not_rounded_up_by_floating_point():
    assert 0.07 * 100 > 7
    assert RowDropping(DIM, rate=0.07).sizes(torch.tensor([100])).tolist() == [7]


@pytest.mark.parametrize("kind", DRAWING)
def test_evaluation_does_not_move_the_draws_of_training(kind):
    straight, interrupted = kind(DIM, seed=4), kind(DIM, seed=4)
    straight(rows(), COUNTS)
    interrupted(rows(), COUNTS)
    interrupted.eval()(rows(1), COUNTS)
    assert torch.equal(interrupted.train()(rows(), COUNTS).rows_CD, straight(rows(), COUNTS).rows_CD)


@pytest.mark.parametrize(
    "reduction",
    [
        RandomClusters(DIM, rate=1),
        RowDropping(DIM, rate=1),
        KMeans(DIM, rate=1),
        KMeans(DIM, clusters_per_expert=1000),
        Condensation(DIM, threshold=0.999999),
    ],
    ids=lambda reduction: type(reduction).__name__,
)
def test_sending_every_row_is_vanilla_to_the_bit(reduction):
    results = []
    for layer in (MoELayer(DIM, 12, 4), MoELayer(DIM, 12, 4, reduction=reduction)):
        x = rows().requires_grad_()
        out = layer(x)
        out.square().sum().backward()
        results.append([out, x.grad, *(parameter.grad for parameter in layer.parameters())])
    assert all(torch.equal(vanilla, reduced) for vanilla, reduced in zip(*results, strict=True))


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("counts", [[0, 0], [0, 3], [1, 0]])
def test_few_or_no_rows(kind, counts):
    x = torch.randn(sum(counts), DIM, requires_grad=True)
    reduced = kind(DIM)(x, torch.tensor(counts))
    assert ((reduced.counts_E > 0) == (torch.tensor(counts) > 0)).all()
    assert reduced.restore(reduced.rows_CD * 2).shape == x.shape


@pytest.mark.parametrize("kind", COMPENSATING)
def test_compensation_returns_the_rows_of_an_identity_expert(kind):
    x = rows(dtype=torch.float64)
    reduced = kind(DIM, rate=0.2, error_compensation=True)(x, COUNTS)
    torch.testing.assert_close(reduced.restore(reduced.rows_CD), x)
    reduced = kind(DIM, rate=0.2, error_compensation=False)(x, COUNTS)
    assert (reduced.restore(reduced.rows_CD) - x).abs().max() > 0.1


@pytest.mark.parametrize("kind", COMPENSATING)
@pytest.mark.parametrize("counts", [[40, 0, 1, 25, 0], [0, 0], [1, 0, 1]])
def test_a_learned_compensation_gets_a_gradient_whatever_the_rows(kind, counts):
    reduction = kind(DIM, rate=0.2, error_compensation="learned")
    x = torch.randn(sum(counts), DIM, generator=torch.Generator().manual_seed(0))
    reduced = reduction(x, torch.tensor(counts))
    reduced.restore(2 * reduced.rows_CD).square().sum().backward()
    (alpha,) = reduction.parameters()
    assert alpha.grad is not None
    assert (alpha.grad != 0) == (max(counts) > 1)


@pytest.mark.parametrize("kind", COMPENSATING)
def test_an_estimated_compensation_sends_a_sample_beside(kind):
    few, more = (kind(DIM, rate=0.2, error_compensation=option)(rows(), COUNTS) for option in (True, "estimated"))
    assert len(more.rows_CD) == len(few.rows_CD) + 1
    torch.testing.assert_close(more.restore(3 * more.rows_CD), 3 * rows())


def test_random_clusters_are_balanced_and_stay_in_their_expert():
    expert = torch.repeat_interleave(torch.arange(5), COUNTS)
    x = torch.nn.functional.one_hot(expert, DIM).double()
    reduced = RandomClusters(DIM)(x, COUNTS)
    sent = torch.repeat_interleave(torch.arange(5), reduced.counts_E)
    torch.testing.assert_close(reduced.rows_CD, torch.nn.functional.one_hot(sent, DIM).double())
    restored = RandomClusters(DIM, error_compensation=False)(x, COUNTS).restore(torch.arange(14.0)[:, None])
    sizes = torch.bincount(restored.flatten().long())
    assert sizes.tolist() == [5] * 8 + [1] + [5] * 5


def test_row_dropping_gives_zeros_and_no_gradient_to_dropped_rows():
    x = rows().requires_grad_()
    reduced = RowDropping(DIM, rate=0.4)(x, COUNTS)
    restored = reduced.restore(reduced.rows_CD * 3)
    kept = (restored != 0).any(1)
    assert kept.sum() == reduced.rows_CD.shape[0] == 27
    assert torch.equal(restored[kept], 3 * x[kept])
    restored.sum().backward()
    assert (x.grad[kept] == 3).all()
    assert (x.grad[~kept] == 0).all()


def test_kmeans_beats_random_clusters_and_gets_better_with_iterations():
    def error(reduction):
        reduced = reduction(rows(), COUNTS)
        return float((reduced.restore(reduced.rows_CD) - rows()).square().sum())

    options = {"error_compensation": False, "rate": 0.2}
    random = error(RandomClusters(DIM, **options))
    none, few = (error(KMeans(DIM, iterations=n, **options)) for n in (0, 4))
    assert few < none < random


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), rate=st.sampled_from([0.1, 0.25, 0.5]))
def test_kmeans_beats_random_clusters_on_clustered_rows(seed, rate):
    gen = torch.Generator().manual_seed(seed)
    group = torch.randint(6, (int(COUNTS.sum()),), generator=gen)
    x = torch.randn(6, DIM, generator=gen)[group] + 0.05 * torch.randn(len(group), DIM, generator=gen)

    def inertia(reduction):
        reduced = reduction(x, COUNTS)
        return float((reduced.restore(reduced.rows_CD) - x).square().sum())

    options = {"seed": seed, "rate": rate, "error_compensation": False}
    assert inertia(KMeans(DIM, **options)) < inertia(RandomClusters(DIM, **options))


def slow_kmeans(x, counts, sizes, place, iterations):
    """Lloyd's centroids, expert by expert and cluster by cluster."""
    sent = []
    for own, first in zip(x.split(counts), place.split(counts), strict=True):
        size = sizes.pop(0)
        if not len(own):
            continue
        centroids = own[first < size]
        for _ in range(iterations + 1):
            nearest = torch.cdist(own, centroids).argmin(1)
            members = [own[nearest == number] for number in range(size)]
            used = [len(member) > 0 for member in members]
            centroids = torch.stack([m.mean(0) if len(m) else c for m, c in zip(members, centroids, strict=True)])
        sent.append(centroids[used])
    return torch.cat(sent)


@pytest.mark.parametrize("counts", [[40, 0, 1, 25, 0], [3, 70, 9, 5, 33, 64]])
@pytest.mark.parametrize("options", [{"rate": 0.3}, {"clusters_per_expert": 4}], ids=str)
@pytest.mark.parametrize("at_a_time", [2**24, 50])
def test_kmeans_is_lloyds_algorithm_for_each_expert(monkeypatch, counts, options, at_a_time):
    monkeypatch.setattr(kmeans, "_DISTANCES", at_a_time)
    counts_E = torch.tensor(counts)
    x = torch.randn(sum(counts), DIM, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    reduction = KMeans(DIM, seed=2, **options).eval()
    expected = slow_kmeans(
        x, counts, reduction.sizes(counts_E).tolist(), reduction.shuffled_places(counts_E, len(x)), 2
    )
    torch.testing.assert_close(reduction(x, counts_E).rows_CD, expected)


@pytest.mark.parametrize(("option", "value"), [("iterations", -1), ("clusters_per_expert", 0)])
def test_kmeans_refuses_options_out_of_range(option, value):
    with pytest.raises(ValueError, match=f"{option}: must be"):
        KMeans(DIM, **{option: value})


def test_kmeans_does_not_send_empty_clusters_and_keeps_experts_apart():
    reduced = KMeans(DIM, rate=0.5)(torch.ones(int(COUNTS.sum()), DIM), COUNTS)
    assert reduced.counts_E.tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize("threshold", [-0.5, 0, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("block", [256, 7])
@pytest.mark.parametrize("counts", [[40, 0, 1, 25, 0], [14, 3, 35, 7, 0, 0, 7]])
def test_condensation_is_the_greedy_choice(monkeypatch, threshold, block, counts):
    monkeypatch.setattr(condensation, "_BLOCK", block)
    x = rows()
    reduced = Condensation(DIM, threshold=threshold)(x, torch.tensor(counts))
    cosine = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(x).T
    start, leaders, stands_for, leaders_of = 0, [], [], []
    for count in counts:
        own = []
        for row in range(start, start + count):
            if all(cosine[row, leader] <= threshold for leader in own):
                own.append(row)
            stands_for.append(
                row if own[-1] == row else max(own, key=lambda leader, row=row: float(cosine[row, leader]))
            )
        leaders += own
        leaders_of.append(len(own))
        start += count
    assert reduced.counts_E.tolist() == leaders_of
    assert torch.equal(reduced.rows_CD, x[leaders])
    given = torch.tensor(leaders)[reduced.restore(torch.arange(len(leaders))[:, None].float()).flatten().long()]
    assert given.tolist() == stands_for


def test_condensation_sends_equal_rows_once_and_gradients_reach_representatives():
    x = torch.randn(1, DIM).repeat(int(COUNTS.sum()), 1).requires_grad_()
    reduced = Condensation(DIM, threshold=0.99)(x, COUNTS)
    assert reduced.counts_E.tolist() == [1, 0, 1, 1, 0]
    reduced.restore(reduced.rows_CD).sum().backward()
    assert x.grad[:, 0].nonzero().flatten().tolist() == [0, 40, 41]
    assert x.grad[[0, 40, 41], 0].tolist() == [40, 1, 25]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), copies=st.integers(2, 9))
def test_condensation_near_one_keeps_distinct_rows_and_merges_exact_duplicates(seed, copies):
    gen = torch.Generator().manual_seed(seed)
    distinct = torch.cat([torch.randn(20, DIM, generator=gen) * 100, torch.zeros(1, DIM)])
    shuffle = torch.randperm(21 * copies, generator=gen)
    reduced = Condensation(DIM, threshold=0.999999)(distinct.repeat(copies, 1)[shuffle], torch.tensor([21 * copies]))
    sent = {tuple(row) for row in reduced.rows_CD.tolist()}
    assert len(reduced.rows_CD) == 21
    assert sent == {tuple(row) for row in distinct.tolist()}


def test_condensation_survives_rows_whose_length_over_or_underflows():
    x = torch.cat([torch.full((3, DIM), 3e38), torch.full((3, DIM), 1e-42), torch.ones(3, DIM)])
    reduced = Condensation(DIM)(x, torch.tensor([9]))
    assert reduced.restore(reduced.rows_CD).isfinite().all()


@pytest.mark.parametrize("threshold", [-1, 1, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold: must be in"):
        Condensation(DIM, threshold=threshold)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9, 1])
@pytest.mark.parametrize("counts", [[40, 0, 1, 25, 0], [14, 3, 35, 7, 0, 0, 7]])
def test_condensation_at_a_rate_takes_the_highest_threshold_that_keeps_it(rate, counts):
    counts_E = torch.tensor(counts)
    x = rows()
    reduced = Condensation(DIM, rate=rate)(x, counts_E)
    wanted_E = rows_at_rate(counts_E, rate)
    assert (reduced.counts_E <= wanted_E).all()
    assert reduced.counts_E.sum() >= 0.8 * wanted_E.sum()
    # Each expert's choice is that of some threshold, and a slightly higher one would send too many.
    for own, sent, wanted in zip(x.split(counts), reduced.counts_E.tolist(), wanted_E.tolist(), strict=True):
        if len(own) > 1 and sent < wanted:
            number = torch.tensor([len(own)])
            found = {
                int(Condensation(DIM, threshold=t)(own, number).counts_E)
                for t in (1 - torch.logspace(-5, 0.3, 300)).clamp(min=-0.999).tolist()
            }
            assert sent == max(count for count in found if count <= wanted)


def slow_merging(x, rate):
    """One expert's clusters by bipartite merging, as sets of rows."""
    clusters = [[number] for number in range(len(x))]
    wanted = max(1, math.ceil(len(x) * rate - 1e-9))
    while len(clusters) > wanted:
        means = torch.nn.functional.normalize(torch.stack([x[members].mean(0) for members in clusters]))
        first, second = range(0, len(clusters), 2), range(1, len(clusters), 2)
        pairs = []
        for a in first:
            similarity, b = max((float(means[a] @ means[b]), -b) for b in second)
            pairs.append((-similarity, a, -b))
        for _, a, b in sorted(pairs)[: len(clusters) - wanted]:
            clusters[b] = clusters[b] + clusters[a]
            clusters[a] = []
        clusters = [members for members in clusters if members]
    return [sorted(members) for members in clusters]


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("counts", [[40, 0, 1, 25, 0], [14, 3, 35, 7, 0, 2, 5]])
def test_bipartite_merging_is_the_slow_one_for_each_expert(rate, counts):
    x = rows(dtype=torch.float64)
    reduced = BipartiteMerging(DIM, rate=rate)(x, torch.tensor(counts))
    expected, start = [], 0
    for own in x.split(counts):
        expected += [[start + member for member in members] for members in slow_merging(own, rate)]
        start += len(own)
    found = [(reduced.assignment_R == number).nonzero().flatten().tolist() for number in range(len(reduced.rows_CD))]
    assert found == expected
    torch.testing.assert_close(reduced.rows_CD, torch.stack([x[members].mean(0) for members in expected]))


def test_bipartite_merging_joins_duplicates_first():
    x = torch.randn(10, DIM, generator=torch.Generator().manual_seed(0)).repeat_interleave(2, 0)
    reduced = BipartiteMerging(DIM, rate=0.5)(x, torch.tensor([20]))
    torch.testing.assert_close(reduced.rows_CD, x[::2])
