import pytest

from suite.analysis.extrapolation import GPUS, extrapolation_rows
from suite.config.paper.published import published
from suite.costmodel.sheets import sheets

ROWS = extrapolation_rows(published(), sheets())


def series(model, cluster, exchange, column):
    found = [row for row in ROWS if (row.model, row.cluster, row.exchange) == (model, cluster, exchange)]
    return [getattr(row, column) for row in found]


def test_every_model_is_taken_from_16_to_16384_gpus_on_every_cluster():
    assert (GPUS[0], GPUS[-1]) == (16, 16384)
    assert len(ROWS) == len(published().models) * len(sheets().clusters) * 2 * len(GPUS)
    assert all(0 < row.share < 1 and row.speedup > 1 for row in ROWS)


@pytest.mark.parametrize("cluster", list(sheets().clusters))
def test_shares_grow_with_the_cluster(cluster):
    for exchange in ("flat", "hierarchical"):
        shares = series("GPT-MoE (15B)", cluster, exchange, "share")
        assert shares == sorted(shares)


def test_at_scale_the_hierarchical_exchange_wins():
    flat, hierarchical = (series("GPT-MoE (15B)", "h100_4x8", path, "kappa") for path in ("flat", "hierarchical"))
    assert flat[0] < hierarchical[0]
    assert flat[-1] > 3 * hierarchical[-1]


def test_the_papers_numbers_stand_where_it_measured_them():
    shares = [(row.model, row.gpus, row.published_share) for row in ROWS if row.published_share]
    assert set(shares) == {
        (model, gpus, share)
        for model, share in (("GPT-MoE (15B)", 0.3), ("RoBERTa-MoE", 0.4), ("Swin-MoE-L", 0.7))
        for gpus in (16, 32)
    }
    speedups = {row.model: (row.cluster, row.gpus, row.published_speedup) for row in ROWS if row.published_speedup}
    assert speedups["GPT-MoE (52B)"] == ("v100_2x8", 16, "1.2–1.5")
    assert speedups["Swin-MoE-L"] == ("a100_4x8", 32, "1.28")
