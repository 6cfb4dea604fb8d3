"""E(c) + α·(x - c): its rounding, its gradients, its error bound, and the best α."""

import pytest
import torch

from lshmoe import (
    ExactSample,
    MoELayer,
    Segments,
    as_compensation,
    best_compensation,
    cluster,
    clustered_reduction,
    compensate,
    lsh_reduction,
    spread,
)

DIM = 5
COUNTS = torch.tensor([20, 0, 30, 10])


def double(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def clusters():
    return cluster(torch.randint(0, 2, (60, 2), generator=torch.Generator().manual_seed(3)), COUNTS)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0, -0.5])
def test_every_row_gets_its_share_of_the_residual(alpha):
    rows, outputs = double(60, DIM), double(clusters().sizes_C.shape[0], DIM, seed=1)
    reduced = clustered_reduction(rows, clusters(), alpha)
    centroids, of_row = reduced.rows_CD, clusters().assignment_R
    expected = torch.stack([outputs[c] + alpha * (x - centroids[c]) for x, c in zip(rows, of_row, strict=True)])
    torch.testing.assert_close(reduced.restore(outputs), expected)


@pytest.mark.parametrize("alpha", [1.0, 0.4, torch.tensor(0.7, dtype=torch.float64), "learned"], ids=str)
def test_gradients_pass_gradcheck(alpha):
    if alpha == "learned":
        alpha = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    segments = Segments.from_assignment(torch.tensor([2, 0, 2, 3, 0]), 4)
    tensors = (double(4, 3), double(4, 3, seed=1), double(5, 3, seed=2))
    inputs = tuple(tensor.requires_grad_() for tensor in tensors)
    assert torch.autograd.gradcheck(lambda a, *three: compensate(*three, segments, a), (alpha, *inputs))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_error_is_bounded_by_the_lipschitz_constant_of_the_expert_minus_alpha_times_identity(alpha):
    rows, weight = double(60, DIM), double(DIM, DIM, seed=7)
    reduced = clustered_reduction(rows, clusters(), alpha)
    error = (reduced.restore(reduced.rows_CD @ weight) - rows @ weight).norm(dim=1)
    lipschitz = torch.linalg.matrix_norm(weight - alpha * torch.eye(DIM, dtype=torch.float64), 2)
    residual = (rows - spread(reduced.rows_CD, clusters())).norm(dim=1)
    assert (error <= lipschitz * residual + 1e-12).all()
    # The constant is reached by a residual along the matrix's first singular vector, to which rows of two come close.
    assert (error / residual.clamp(min=1e-12)).max() > 0.5 * lipschitz


def test_small_outputs_beside_large_rows_survive_bfloat16():
    rows = (100 + double(60, DIM)).bfloat16()
    reduced = clustered_reduction(rows, clusters(), 1.0)
    outputs = (0.1 * double(reduced.rows_CD.shape[0], DIM, seed=1)).bfloat16()
    of_row = clusters().assignment_R
    exact = outputs.double()[of_row] + (rows.double() - reduced.rows_CD.double()[of_row])
    error = (reduced.restore(outputs).double() - exact).abs()
    # One rounding of the exact result, where outputs - centroids alone would lose up to 0.25.
    assert (error <= exact.abs() * 2**-8 * (1 + 1e-3) + 1e-6).all()


def test_a_whole_layer_in_bfloat16_errs_no_more_than_rounding():
    layer = MoELayer(DIM, 8, 4, 1, lsh_reduction(DIM, num_hashes=1, coordinates=2)).bfloat16()
    x, seen = (100 + double(40, DIM)).bfloat16(), []
    with torch.no_grad():
        for parameter in layer.experts.parameters():
            parameter.zero_()
        layer.experts.b2_LD.copy_(0.1 * double(4, DIM, seed=1))
    layer.observers.append(seen.append)
    out = layer(x).double()
    (routing,) = seen
    reduced = layer.reduction(routing.rows_RD, routing.counts_E)
    sent = reduced.rows_CD.double()[reduced.assignment_R]
    expert = torch.repeat_interleave(torch.arange(4), routing.counts_E)
    _, weights, _ = layer.gate(x)
    compensated = layer.experts.b2_LD.double()[expert] + (routing.rows_RD.double() - sent)
    exact = torch.empty_like(out)
    exact[routing.token_R] = weights.double()[routing.token_R] * compensated
    assert routing.num_sent < len(x)
    # Two roundings: of a row's output, and of its product with the gate's weight.
    assert ((out - exact).abs() <= exact.abs() * 2 * 2**-8 * (1 + 1e-2) + 1e-6).all()


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, -2.0])
def test_the_estimate_is_alpha_for_an_expert_that_scales(alpha):
    rows, centroids = double(30, DIM), double(30, DIM, seed=1)
    found = best_compensation(alpha * rows, alpha * centroids, rows - centroids)
    assert float(found) == pytest.approx(alpha, abs=1e-12)


def test_the_estimate_is_the_least_squares_solution_and_zero_without_residuals():
    exact, approximate, residual = double(30, DIM), double(30, DIM, seed=1), double(30, DIM, seed=2)
    found = best_compensation(exact, approximate, residual)
    solution = torch.linalg.lstsq(residual.view(-1, 1), (exact - approximate).view(-1, 1)).solution
    assert float(found) == pytest.approx(float(solution), rel=1e-10)
    assert float(best_compensation(exact, exact, torch.zeros_like(exact))) == 0


def test_the_estimate_leaves_out_rows_that_are_not_finite():
    tensors = [double(30, DIM, seed=seed) for seed in range(3)]
    expected = best_compensation(*(tensor[3:] for tensor in tensors))
    for place, (tensor, value) in enumerate(zip(tensors, (torch.nan, torch.inf, torch.nan), strict=True)):
        tensor[place, 0] = value
    # Sums over rows that are zeros instead of left out are made in another order.
    torch.testing.assert_close(best_compensation(*tensors), expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_a_sample_is_exact_and_sets_alpha_for_the_others(alpha):
    rows = double(60, DIM)
    reduced = clustered_reduction(rows, clusters(), ExactSample(0.1))
    plain = clustered_reduction(rows, clusters(), 1.0)
    assert reduced.rows_CD.shape[0] == plain.rows_CD.shape[0] + 6
    assert int(reduced.counts_E.sum()) == reduced.rows_CD.shape[0]
    # Sorted by expert: with experts that add their number, every row is restored with its own expert's.
    expert_C = torch.repeat_interleave(torch.arange(4.0, dtype=torch.float64), reduced.counts_E)
    expert_R = torch.repeat_interleave(torch.arange(4.0, dtype=torch.float64), COUNTS)
    restored = reduced.restore(alpha * reduced.rows_CD + expert_C[:, None])
    torch.testing.assert_close(restored, alpha * rows + expert_R[:, None])
    # What stands for a sampled row is the row itself.
    sampled = torch.arange(5, 60, 10)
    assert torch.equal(reduced.rows_CD[reduced.assignment_R[sampled]], rows[sampled])


def test_an_estimating_layer_meters_its_sample_and_has_finite_gradients():
    def traffic(option):
        reduction = lsh_reduction(8, num_hashes=2, coordinates=2, error_compensation=option)
        layer = MoELayer(8, 12, 4, reduction=reduction).double()
        x = double(200, 8).requires_grad_()
        layer(x).square().sum().backward()
        assert x.grad.isfinite().all() and (x.grad != 0).any(1).all()
        return layer.traffic

    sampled, plain = traffic("estimated"), traffic(True)
    assert sampled.rows_sent == plain.rows_sent + 4
    assert sampled.bytes["dispatch"] == plain.bytes["dispatch"] + 4 * 8 * 8


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_are_sampled_too(rows):
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8, error_compensation="estimated"))
    x = torch.randn(rows, 8, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    torch.testing.assert_close(out, MoELayer(8, 12, 4)(x))


def test_a_learned_alpha_starts_at_the_papers_and_goes_down_the_loss():
    layer = MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=1, coordinates=2, error_compensation="learned"))
    (alpha,) = layer.reduction.parameters()
    x = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    paper = MoELayer(8, 12, 4, reduction=lsh_reduction(8, num_hashes=1, coordinates=2))
    torch.testing.assert_close(layer(x), paper(x))
    target = MoELayer(8, 12, 4)(x).detach()
    optimizer, losses = torch.optim.SGD([alpha], lr=0.02), []
    for _ in range(20):
        loss = (layer(x) - target).square().sum(1).mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert "reduction.error_compensation" in layer.state_dict()


def test_options_of_a_configuration():
    assert [as_compensation(option) for option in (True, False, 0.5, 2)] == [1.0, 0.0, 0.5, 2.0]
    assert as_compensation("estimated") == ExactSample(0.01)
    assert isinstance(as_compensation("learned"), torch.nn.Parameter)
    for wrong in ("paper", None, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="error_compensation: must be true, false, a number, learned or estimated"):
            as_compensation(wrong)
    with pytest.raises(ValueError, match="share of exact rows"):
        ExactSample(0)
