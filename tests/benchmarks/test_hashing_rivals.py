"""Our hashing beside Reformer's LSH (transformers) on the same rows.

Reformer draws a Gaussian rotation per call and hash function and keeps as many coordinates. One thread each; medians
over paired rounds.
"""

import statistics
import time
from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from transformers import ReformerConfig
from transformers.models.reformer.modeling_reformer import LSHSelfAttention

from lshmoe import CrossPolytopeHash
from lshmoe.hashing import DEFAULT_COORDINATES

ROWS, WIDTH, HASHES, GROUPS = 8192, 768, 6, 2000


@pytest.fixture(scope="module")
def rows() -> torch.Tensor:
    torch.set_num_threads(1)
    gen = torch.Generator().manual_seed(0)
    centres = torch.randn(GROUPS, WIDTH, generator=gen)
    return centres[torch.randint(GROUPS, (ROWS,), generator=gen)] + 0.1 * torch.randn(ROWS, WIDTH, generator=gen)


def times_as_long(rival: Callable[[], object], ours: Callable[[], object], rounds: int) -> float:
    """Median over rounds of the rival's time over ours."""

    def seconds(function: Callable[[], object]) -> float:
        began = time.perf_counter()
        function()
        return time.perf_counter() - began

    rival(), ours()
    return statistics.median(seconds(rival) / seconds(ours) for _ in range(rounds))


@pytest.mark.parametrize("coordinates", [DEFAULT_COORDINATES, 16, WIDTH])
def test_our_hashing_is_not_slower_than_reformers(
    benchmark: BenchmarkFixture, rows: torch.Tensor, coordinates: int
) -> None:
    attention = LSHSelfAttention(
        ReformerConfig(num_attention_heads=1, attention_head_size=WIDTH, num_hashes=HASHES, num_buckets=2 * coordinates)
    )
    hash = CrossPolytopeHash(WIDTH, HASHES, coordinates)
    ratio = times_as_long(
        lambda: attention._hash_vectors(rows[None, None], HASHES, attention_mask=None), lambda: hash(rows), rounds=11
    )
    benchmark.extra_info["reformer_over_ours"] = ratio
    benchmark.pedantic(hash, (rows,), rounds=3)
    print(f"\nReformer's hashing takes {ratio:.1f} times as long as ours at {coordinates} coordinates")
    assert ratio >= 1
