import pytest

from suite.analysis.glue import glue_rows
from suite.config.paper.published import published
from suite.records.evidence import read_evidence
from suite.tables import glue
from tests.suite.builders.synthetic import write_quality, write_speed


def printed_row(rows, model, task):
    return [row for row in rows if (row.model, row.paper_task) == (model, task)]


def test_without_runs_the_printed_numbers_stand_alone(tmp_path):
    rows = glue_rows(read_evidence(tmp_path), published())
    assert len(rows) == 6 + 6 + 3
    (row,) = printed_row(rows, "gpt_moe", "MNLI")
    assert (row.paper_vanilla, row.paper_lsh, row.paper_speedup) == (82.8, 82.7, 1.4)
    assert row.task is None and row.vanilla is None
    (t5,) = printed_row(rows, "t5_moe", "QNLI")
    assert (t5.paper_lsh, t5.paper_speedup) == (50.0, None)


def test_a_stand_in_is_named_and_its_difference_is_paired_by_seed(tmp_path):
    for seed, (before, after) in enumerate([(0.60, 0.61), (0.70, 0.73)]):
        write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "vanilla", seed, before)
        write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "lsh", seed, after, rate=0.4)
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    rows = glue_rows(read_evidence(tmp_path), published())
    (row,) = printed_row(rows, "gpt_moe", "SST-2")
    assert (row.task, row.stand_in, row.seed_count) == ("sst2_like", "yes", 2)
    assert (row.vanilla.value, row.lsh.value, row.difference.value) == pytest.approx((65, 67, 2))
    assert row.difference.low < 2 < row.difference.high
    assert row.rate == pytest.approx(40)
    assert (row.speedup.value, row.measured_on) == (2, "text_lm, loopback")
    glue.build(tmp_path, "nano")
    text = (tmp_path / "tables/glue.md").read_text()
    assert "| sst2_like |" in text and "93.8 → 93.8" in text and "Student's t" in text


def test_a_record_at_fault_is_said_so(tmp_path):
    write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "vanilla", 0, 0.6)
    write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "lsh", 0, 0.61)
    (tmp_path / "runs/gpt_moe/sst2_like/lsh/seed0/summary.json").write_text("{")
    (row,) = printed_row(glue_rows(read_evidence(tmp_path), published()), "gpt_moe", "SST-2")
    assert row.lsh == "invalid record"
    assert row.vanilla.value == pytest.approx(60)
    assert row.difference is None
