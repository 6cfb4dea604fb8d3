import pytest

from suite.costmodel import speedup_bound


def test_no_compression_can_beat_the_share():
    assert speedup_bound(share=0.45, bytes_ratio=0.0, overhead=0.0) == pytest.approx(1 / 0.55)  # 1.82 at 45 %


def test_nothing_saved_nothing_gained():
    assert speedup_bound(share=0.7, bytes_ratio=1.0, overhead=0.0) == 1.0


def test_hashing_costs():
    assert speedup_bound(share=0.5, bytes_ratio=0.2, overhead=0.1) == pytest.approx(1 / 0.7)


@pytest.mark.parametrize("arguments", [(1.2, 0.5, 0.0), (-0.1, 0.5, 0.0), (0.5, -0.5, 0.0), (0.5, 0.5, -0.1)])
def test_impossible_measurements_are_refused(arguments):
    with pytest.raises(ValueError, match=r"share|bytes_ratio"):
        speedup_bound(*arguments)
