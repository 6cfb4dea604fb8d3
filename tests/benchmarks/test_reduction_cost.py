"""What hashing, clustering and restoring cost beside the vanilla layer's forward and backward pass, in one run.

Extra memory is the most that the reduction's own forward and backward hold at once, by PyTorch's record of allocations.
"""

import statistics
import time
from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from baselines.reductions.kmeans import KMeans
from lshmoe import MoELayer, Reduction, lsh_reduction
from tests.benchmarks.memory import peak_bytes

ROWS, WIDTH, HIDDEN, EXPERTS = 8192, 768, 3072, 8


def seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def share_of_layer(reduction: Reduction, rows: torch.Tensor, counts_E: torch.Tensor, layer: MoELayer) -> float:
    """What reducing and restoring takes, forward and backward, over the vanilla layer's step: median of five pairs."""
    grad = torch.ones_like(rows)

    def reduce_and_restore() -> None:
        reduced = reduction(rows, counts_E)
        reduced.restore(reduced.rows_CD).backward(grad)

    def vanilla() -> None:
        layer(rows).backward(grad)

    reduce_and_restore(), vanilla()
    return statistics.median(seconds(reduce_and_restore) / seconds(vanilla) for _ in range(5))


@pytest.mark.parametrize("rows_per_expert", [256, 1024])
def test_k_means_as_it_is_used_costs_more_than_lsh(benchmark: BenchmarkFixture, rows_per_expert: int) -> None:
    """Per expert, at a fifth of the rows: not one clustering of all rows into thousands of groups."""
    torch.set_num_threads(1)
    rows = torch.randn(EXPERTS * rows_per_expert, WIDTH, generator=torch.Generator().manual_seed(0)).requires_grad_()
    counts_E = torch.full((EXPERTS,), rows_per_expert)
    layer = MoELayer(WIDTH, HIDDEN, EXPERTS, top_k=1)
    k_means = KMeans(WIDTH, rate=0.2)
    ours, theirs = (share_of_layer(one, rows, counts_E, layer) for one in (lsh_reduction(WIDTH), k_means))
    benchmark.extra_info.update(lsh_share=ours, k_means_share=theirs)
    benchmark.pedantic(k_means, (rows, counts_E), rounds=3)
    print(
        f"\n{rows_per_expert} rows per expert: k-means takes {theirs:.1%} of the vanilla layer's time, LSH {ours:.1%}"
    )
    assert ours < theirs


@pytest.mark.parametrize(
    ("coordinates", "bar"),
    [(None, 0.05), (16, 0.05), (WIDTH, 0.10)],
    ids=["default", "16-coordinates", "all-coordinates"],
)
def test_reduction_costs_little_beside_the_layer(
    benchmark: BenchmarkFixture, coordinates: int | None, bar: float
) -> None:
    torch.set_num_threads(1)
    gen = torch.Generator().manual_seed(0)
    # Rows in 2,000 tight groups, so that there is something to cluster.
    centres = torch.randn(2000, WIDTH, generator=gen)
    rows = centres[torch.randint(2000, (ROWS,), generator=gen)] + 0.1 * torch.randn(ROWS, WIDTH, generator=gen)
    rows.requires_grad_()
    counts_E = torch.full((EXPERTS,), ROWS // EXPERTS)
    reduction = lsh_reduction(WIDTH, num_hashes=6, coordinates=coordinates)
    layer = MoELayer(WIDTH, HIDDEN, EXPERTS, top_k=1)
    grad = torch.randn(ROWS, WIDTH, generator=gen)

    def reduce_and_restore() -> None:
        reduced = reduction(rows, counts_E)
        reduced.restore(reduced.rows_CD).backward(grad)

    def vanilla() -> None:
        layer(rows).backward(grad)

    reduce_and_restore(), vanilla()
    pairs = [(seconds(reduce_and_restore), seconds(vanilla)) for _ in range(5)]
    ratio = statistics.median(cost / whole for cost, whole in pairs)
    benchmark.extra_info["share_of_vanilla"] = ratio
    benchmark.pedantic(reduce_and_restore, rounds=3)
    memory = peak_bytes(reduce_and_restore) / peak_bytes(vanilla)
    print(f"\nreduction costs {ratio:.1%} of the vanilla layer's time (bar {bar:.0%}), {memory:.0%} of its memory")
    assert ratio <= bar
    assert memory <= 0.5
