import pytest

from suite.analysis.paper_tables import glue_rows, imagenet_rows
from suite.config.paper.published import published
from suite.records.evidence import read_evidence
from suite.tables import glue, imagenet
from tests.suite.builders.synthetic import write_run, write_speed


def write_quality(folder, metric, model, task, method, seed, value, **changes):
    """A run that ends at ``value`` of a metric that rises."""
    asked = {"name": metric, "higher_is_better": True}
    path = write_run(folder, method, seed=seed, final=value, model=model, task=task, metric=asked, **changes)
    for name in ("metrics.jsonl", "summary.json"):
        (path / name).write_text((path / name).read_text().replace("perplexity", metric))


def printed_row(rows, model, task):
    return [row for row in rows if (row["model"], row["paper_task"]) == (model, task)]


def test_without_runs_the_printed_numbers_stand_alone(tmp_path):
    rows = glue_rows(read_evidence(tmp_path), published())
    assert len(rows) == 6 + 6 + 3
    (row,) = printed_row(rows, "gpt_moe", "MNLI")
    assert (row["paper_vanilla"], row["paper_lsh"], row["paper_speedup"]) == (82.8, 82.7, 1.4)
    assert "vanilla" not in row
    (t5,) = printed_row(rows, "t5_moe", "QNLI")
    assert (t5["paper_lsh"], t5["paper_speedup"]) == (50.0, None)
    first, second = imagenet_rows(read_evidence(tmp_path), published())
    assert (first["paper_top1"], second["paper_top5"], second["paper_rate"]) == (84.7, 97.1, pytest.approx(11.7))
    assert (second["paper_samples_per_second"], second["paper_speedup"]) == (236.6, 1.28)


def test_a_stand_in_is_named_and_its_difference_is_paired_by_seed(tmp_path):
    for seed, (before, after) in enumerate([(0.60, 0.61), (0.70, 0.73)]):
        write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "vanilla", seed, before)
        write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "lsh", seed, after, rate=0.4)
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    rows = glue_rows(read_evidence(tmp_path), published())
    (row,) = printed_row(rows, "gpt_moe", "SST-2")
    assert (row["task"], row["stand_in"], row["seed_count"]) == ("sst2_like", "yes", 2)
    assert (row["vanilla"], row["lsh"], row["difference"]) == pytest.approx((65, 67, 2))
    assert row["difference_low"] < 2 < row["difference_high"]
    assert row["rate"] == pytest.approx(40)
    assert (row["speedup"], row["measured_on"]) == (2, "text_lm, loopback")
    glue.build(tmp_path, "nano")
    text = (tmp_path / "tables/glue.md").read_text()
    assert "| sst2_like |" in text and "93.8 → 93.8" in text and "Student's t" in text


def test_a_record_at_fault_is_said_so(tmp_path):
    write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "vanilla", 0, 0.6)
    write_quality(tmp_path, "accuracy", "gpt_moe", "sst2_like", "lsh", 0, 0.61)
    (tmp_path / "runs/gpt_moe/sst2_like/lsh/seed0/summary.json").write_text("{")
    (row,) = printed_row(glue_rows(read_evidence(tmp_path), published()), "gpt_moe", "SST-2")
    assert row["lsh"] == "invalid record"
    assert row["vanilla"] == pytest.approx(60)
    assert "difference" not in row


def test_images_stand_beside_table_3(tmp_path):
    for method, value, rate in (("vanilla", 0.5, 1.0), ("lsh", 0.25, 0.5)):
        write_quality(tmp_path, "top1", "swin_moe", "cifar10_test_resplit", method, 0, value, rate=rate)
    first, second = imagenet_rows(read_evidence(tmp_path), published())
    assert (first["method"], first["top1"], first["paper_top1"], first["stand_in"]) == ("vanilla", 50, 84.7, "yes")
    assert (second["method"], second["top1"], second["rate"], second["paper_rate"]) == (
        "lsh",
        25,
        50,
        pytest.approx(11.7),
    )
    assert "speedup" not in second  # no step times
    imagenet.build(tmp_path, "nano")
    assert "| cifar10_test_resplit |" in (tmp_path / "tables/imagenet.md").read_text()
