"""The controller: it finds where a monotone knob crosses a target, and a hash that sends the wanted share of rows."""

import pytest
import torch

from sweeps.matching import Rows, bisect, match, rate_of
from sweeps.setting import Setting


@pytest.mark.parametrize("target", [0.0, 0.2, 0.55, 2.0])
def test_bisection_finds_both_sides_of_the_crossing(target: float) -> None:
    found = bisect(lambda knob: knob / 10, target, 12)
    nearest = min(range(1, 13), key=lambda knob: abs(knob / 10 - target))
    assert min(found, key=lambda knob: abs(found[knob] - target)) == nearest
    assert len(found) <= 6


@pytest.mark.parametrize("family", ["cross_polytope", "spherical_plane"])
@pytest.mark.parametrize("target", [0.20, 0.15, 0.10])
def test_both_families_hit_the_paper_s_rates_on_clustered_rows(family: str, target: float) -> None:
    random = torch.Generator().manual_seed(0)
    # Groups as tight as those of real rows: of loose ones every further bit doubles the rate, and none is near enough.
    centres = torch.randn(100, 32, generator=random)
    rows = centres.repeat_interleave(20, 0) + 0.3 * torch.randn(2000, 32, generator=random)
    captured = [Rows("decoder.1", rows, torch.tensor([1000, 1000]))]
    matched, rate = match(Setting(family=family, target_rate=target), captured, hash_seed=1)
    assert matched.target_rate is None and rate == rate_of(matched, captured, 1)
    assert rate == pytest.approx(target, rel=0.15)
    others = [
        rate_of(Setting(family=family, num_hashes=functions, bucket_bits=bits), captured, 1)
        for bits in range(1, 7)
        for functions in range(1, 13)
    ]
    assert abs(rate - target) == min(abs(other - target) for other in others)
