import pytest

from suite.analysis.savings import savings_rows
from suite.analysis.speedup import speedup_rows
from suite.records.evidence import read_evidence
from tests.suite.builders.synthetic import write_speed


def test_savings_by_hand(tmp_path):
    # Two steps per block: vanilla's step takes 1 s, half of it in all-to-alls and a quarter in experts; lsh's 0.5 s.
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    (row,) = savings_rows(speedup_rows(read_evidence(tmp_path)))
    assert row.method == "lsh"
    saved = [row.all_to_all_saved, row.experts_saved, row.reduction_saved, row.rest_saved]
    assert saved == pytest.approx([0.25, 0.125, 0.0, 0.125])
    assert sum(saved) == pytest.approx(row.reference_seconds - row.step_seconds)
    assert row.speedup_by_bytes == pytest.approx(1 / 0.75)
    assert row.speedup_by_experts == pytest.approx(1 / 0.875)
    assert row.speedup_without_experts == pytest.approx(1 / 0.625)


def test_a_measurement_at_fault_saves_nothing(tmp_path):
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0}).write_text("{")
    assert savings_rows(speedup_rows(read_evidence(tmp_path))) == []
