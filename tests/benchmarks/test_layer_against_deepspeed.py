"""The vanilla layer beside DeepSpeed-MoE and beside its own bare work, on two ranks of one thread each.

Both layers see the same float32 tokens, have experts of two linear maps with a GELU between, top-2 gates and a balance
loss, and compute every gradient. DeepSpeed's runs as documented, with capacity factor 1.25: it pads each expert to its
capacity and drops rows beyond; ours drops none. Bare work is the six matrix products per expert and the four
all-to-alls of forward and backward, with the row counts of this layer's own routing. Contestants take turns inside one
process group; ratios are medians over rounds. Peak memory is that of one step, parameters and tokens excluded.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.layer_jobs import Size, compare
from tests.ranks import run_ranks

# Size, how many times faster than DeepSpeed we must be, how many times the bare work we may take.
BARS = [
    (Size(8192, 64, 128, 64, rounds=31), 1.3, None),
    (Size(8192, 128, 256, 32, rounds=21), 1.0, None),
    (Size(2048, 256, 1024, 8, rounds=21), 1.0, 1.2),
    (Size(4096, 512, 2048, 16, rounds=7), 1.0, 1.2),
]


@pytest.mark.parametrize(("size", "speedup_bar", "bare_bar"), BARS, ids=[str(size) for size, *_ in BARS])
def test_vanilla_layer_beats_deepspeed(
    benchmark: BenchmarkFixture, size: Size, speedup_bar: float, bare_bar: float | None
) -> None:
    ranks = benchmark.pedantic(run_ranks, (2, compare, size), rounds=1)
    result = ranks[0]
    peaks = {name: max(rank["peak"][name] for rank in ranks) / 2**20 for name in ("ours", "deepspeed")}
    times = ", ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in result["seconds"].items())
    print(
        f"\n{size}: {times}; {result['speedup']:.2f} times as fast as DeepSpeed (bar {speedup_bar}), "
        f"{result['over bare']:.2f} times the bare work (bar {bare_bar}); "
        f"peak {peaks['ours']:.0f} MiB beside {peaks['deepspeed']:.0f} MiB"
    )
    benchmark.extra_info.update(speedup=result["speedup"], over_bare=result["over bare"], peaks=peaks)
    assert all(sent == routed for sent, routed in (rank["rows"] for rank in ranks))
    assert result["speedup"] >= speedup_bar
    assert bare_bar is None or result["over bare"] <= bare_bar
    assert peaks["ours"] < peaks["deepspeed"]
