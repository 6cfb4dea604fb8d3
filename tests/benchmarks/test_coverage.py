"""Coverage of every kind of interval at the numbers in use, by simulation: 93 to 97 %."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.coverage_worlds import WORLDS, World, covered

DRAWS = 10_000


@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
def test_coverage(benchmark: BenchmarkFixture, world: World) -> None:
    part = benchmark.pedantic(covered, (world, DRAWS), rounds=1)
    benchmark.extra_info["covered"] = part
    print(f"\n{world.name}: {part:.1%} of {DRAWS} intervals hold the truth (93 to 97 % wanted)")
    assert 0.93 <= part <= 0.97
