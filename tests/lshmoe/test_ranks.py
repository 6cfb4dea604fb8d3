"""The layer over several ranks computes what one process computes."""

from typing import Any

import pytest
import torch

from tests.lshmoe import rank_jobs
from tests.ranks import run_ranks


@pytest.fixture(scope="module")
def two_ranks() -> list[dict[str, Any]]:
    return run_ranks(2, rank_jobs.all_jobs)


@pytest.fixture(scope="module")
def four_ranks() -> list[dict[str | None, Any]]:
    return run_ranks(4, rank_jobs.train_every_wire)


@pytest.mark.parametrize("wire", rank_jobs.WIRES)
@pytest.mark.parametrize("size", [2, 4])
def test_outputs_balance_loss_gradients_and_norm_do_not_depend_on_the_world_size(two_ranks, four_ranks, size, wire):
    ranks = [rank["train"][wire] for rank in two_ranks] if size == 2 else [rank[wire] for rank in four_ranks]
    single = rank_jobs.train_once(wire)
    # Rows' gradients scale with the world size, a power of two, so bfloat16 rounds alike.
    close = {"rtol": 1e-7, "atol": 1e-10}
    torch.testing.assert_close(torch.cat([rank["out"] for rank in ranks]), single["out"], **close)
    torch.testing.assert_close(torch.cat([rank["x"] for rank in ranks]), single["x"], **close)
    for rank in ranks:
        torch.testing.assert_close(rank["balance"], single["balance"], **close)
        torch.testing.assert_close(rank["norm"], single["norm"], **close)
        for kind in ("gradients", "clipped"):
            assert rank[kind].keys() == single[kind].keys()
            for name in single[kind]:
                torch.testing.assert_close(
                    rank[kind][name], single[kind][name], msg=lambda m, n=name: f"{n}: {m}", **close
                )


def test_clipping_reaches_the_asked_norm():
    single = rank_jobs.train_once(None, max_norm=0.05)
    assert single["norm"] > 0.05
    clipped = torch.cat([gradient.flatten() for gradient in single["clipped"].values()]).norm()
    assert clipped.item() == pytest.approx(0.05, rel=1e-3)


def test_bytes_count_the_whole_buffer_and_its_remote_part(two_ranks):
    arrived = 0
    for rank in two_ranks:
        sent, total, remote = rank["train"]["bfloat16"]["traffic"]
        width = rank_jobs.DIM * 2
        assert total["dispatch"] == total["combine_backward"] == sent * width
        # What arrived is what goes back.
        assert total["combine"] == total["dispatch_backward"]
        arrived += total["combine"] // width
        assert total["counts"] == rank_jobs.EXPERTS * 8
        assert remote["counts"] == total["counts"] // 2
        # Double-precision loads of all experts and a number of tokens; on two ranks a ring sends the buffer once.
        assert remote["loads"] == total["loads"] == (rank_jobs.EXPERTS + 1) * 8
        assert 0 < remote["dispatch"] < total["dispatch"]
        assert remote["dispatch"] % width == 0
    assert arrived == rank_jobs.TOKENS * 2


def test_gradients_equal_finite_differences_across_two_ranks(two_ranks):
    assert max(rank["finite differences"] for rank in two_ranks) < 1e-6


@pytest.mark.parametrize("method", ["vanilla", "lsh"])
@pytest.mark.parametrize("case", rank_jobs.CASES)
def test_awkward_rows_pass_forward_and_backward(two_ranks, case, method):
    results = [rank["edge"][case, method] for rank in two_ranks]
    assert all(result["shape"] and result["finite"] for result in results)
    if case == "one expert":
        assert [result["experts with gradient"] for result in results] == [1, 0]
    if case == "equal rows":
        assert [result["sent"] for result in results] == ([2, 2] if method == "lsh" else [2000, 2000])


def test_errors_name_layer_and_rank(two_ranks):
    for number, rank in enumerate(two_ranks):
        assert f"layers.3.moe, rank {number}: 1 of 48" in rank["non finite"]


def test_experts_must_divide_over_the_ranks(two_ranks):
    for rank in two_ranks:
        assert rank["uneven"] == "num_experts: 3 experts cannot be spread evenly over 2 ranks"
