"""Other reductions: how many rows they send, what restore gives back, and that draws survive a resume."""

import itertools

import pytest
import torch

from baselines import Condensation, FP8Wire, Int4Wire, Int8Wire, KMeans, RandomClusters, RowDropping
from lshmoe import MoELayer, NativeWire

DIM = 8
COUNTS = torch.tensor([40, 0, 1, 25, 0])
DRAWING = [RandomClusters, RowDropping, KMeans]
EVERY = [*DRAWING, Condensation]


def rows(seed=0, dtype=torch.float32):
    gen = torch.Generator().manual_seed(seed)
    return torch.randn(int(COUNTS.sum()), DIM, generator=gen).to(dtype)


@pytest.mark.parametrize("kind", [RandomClusters, RowDropping])
@pytest.mark.parametrize(("rate", "sent"), [(0.2, [8, 0, 1, 5, 0]), (0.001, [1, 0, 1, 1, 0]), (1, [40, 0, 1, 25, 0])])
def test_the_rate_is_met_for_each_expert(kind, rate, sent):
    reduced = kind(DIM, rate=rate)(rows(), COUNTS)
    assert reduced.counts_E.tolist() == sent
    assert reduced.rows_CD.shape == (sum(sent), DIM)


@pytest.mark.parametrize("kind", DRAWING)
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


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("counts", [[0, 0], [0, 3], [1, 0]])
def test_few_or_no_rows(kind, counts):
    x = torch.randn(sum(counts), DIM, requires_grad=True)
    reduced = kind(DIM)(x, torch.tensor(counts))
    assert ((reduced.counts_E > 0) == (torch.tensor(counts) > 0)).all()
    assert reduced.restore(reduced.rows_CD * 2).shape == x.shape


@pytest.mark.parametrize("kind", [RandomClusters, KMeans])
def test_compensation_returns_the_rows_of_an_identity_expert(kind):
    x = rows(dtype=torch.float64)
    reduced = kind(DIM)(x, COUNTS)
    torch.testing.assert_close(reduced.restore(reduced.rows_CD), x)
    reduced = kind(DIM, error_compensation=False)(x, COUNTS)
    assert (reduced.restore(reduced.rows_CD) - x).abs().max() > 0.1


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


def test_kmeans_does_not_send_empty_clusters_and_keeps_experts_apart():
    reduced = KMeans(DIM, rate=0.5)(torch.ones(int(COUNTS.sum()), DIM), COUNTS)
    assert reduced.counts_E.tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize("threshold", [0.3, 0.6, 1])
def test_condensation_is_the_greedy_choice(threshold):
    x = rows()
    reduced = Condensation(DIM, threshold=threshold)(x, COUNTS)
    unit, start, leaders, counts = torch.nn.functional.normalize(x), 0, [], []
    for count in COUNTS.tolist():
        own = []
        for row in range(start, start + count):
            if all(float(unit[row] @ unit[other]) < threshold for other in own):
                own.append(row)
        leaders += own
        counts.append(len(own))
        start += count
    assert reduced.counts_E.tolist() == counts
    assert torch.equal(reduced.rows_CD, x[leaders])
    # A representative gets its own output, each other row that of one similar enough.
    given = torch.tensor(leaders)[reduced.restore(torch.arange(len(leaders))[:, None].float()).flatten().long()]
    assert torch.equal(given[leaders], torch.tensor(leaders))
    cosine = (unit * unit[given]).sum(1)
    assert (cosine >= threshold - 1e-5).all()


def test_condensation_sends_equal_rows_once_and_gradients_reach_representatives():
    x = torch.randn(1, DIM).repeat(int(COUNTS.sum()), 1).requires_grad_()
    reduced = Condensation(DIM, threshold=0.99)(x, COUNTS)
    assert reduced.counts_E.tolist() == [1, 0, 1, 1, 0]
    reduced.restore(reduced.rows_CD).sum().backward()
    assert x.grad[:, 0].nonzero().flatten().tolist() == [0, 40, 41]
    assert x.grad[[0, 40, 41], 0].tolist() == [40, 1, 25]


def test_condensation_sends_zero_rows_each():
    assert Condensation(DIM)(torch.zeros(66, DIM), COUNTS).counts_E.tolist() == COUNTS.tolist()


@pytest.mark.parametrize("threshold", [0, 1.1])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold: must be in"):
        Condensation(DIM, threshold=threshold)


WIRES = [
    NativeWire("bfloat16"),
    FP8Wire("e4m3"),
    FP8Wire("e5m2"),
    Int8Wire(),
    Int4Wire(),
    Int4Wire(rounding="stochastic"),
]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_reduction_goes_with_every_wire(kind, wire, dtype):
    layer = MoELayer(DIM, 12, 4, reduction=kind(DIM, seed=1), wire=wire).to(dtype)
    x = rows(dtype=dtype).requires_grad_()
    out = layer(x)
    out.float().square().sum().backward()
    assert out.shape == x.shape
    assert out.isfinite().all()
    assert x.grad.isfinite().all()
    assert (x.grad != 0).any()
    traffic = layer.traffic
    assert 0 < traffic.rows_sent <= traffic.rows_routed
    assert traffic.bytes["dispatch"] == traffic.rows_sent * wire.bytes_per_row(DIM, dtype)
