import pytest

from suite.analysis.imagenet import imagenet_rows
from suite.config.paper.published import published
from suite.records.evidence import read_evidence
from suite.tables import imagenet
from tests.suite.builders.synthetic import write_quality


def test_without_runs_the_printed_numbers_stand_alone(tmp_path):
    first, second = imagenet_rows(read_evidence(tmp_path), published())
    assert (first.paper_top1, second.paper_top5, second.paper_rate) == (84.7, 97.1, pytest.approx(11.7))
    assert (second.paper_samples_per_second, second.paper_speedup) == (236.6, 1.28)
    assert second.task is None and second.top1 is None


def test_images_stand_beside_table_3(tmp_path):
    for method, value, rate in (("vanilla", 0.5, 1.0), ("lsh", 0.25, 0.5)):
        write_quality(tmp_path, "top1", "swin_moe", "cifar10_test_resplit", method, 0, value, rate=rate)
    first, second = imagenet_rows(read_evidence(tmp_path), published())
    assert (first.method, first.top1.value, first.paper_top1, first.stand_in) == ("vanilla", 50, 84.7, "yes")
    assert (second.method, second.top1.value, second.rate, second.paper_rate) == (
        "lsh",
        25,
        50,
        pytest.approx(11.7),
    )
    assert second.speedup is None  # no step times
    imagenet.build(tmp_path, "nano")
    assert "| cifar10_test_resplit |" in (tmp_path / "tables/imagenet.md").read_text()


def test_a_record_at_fault_is_said_so_and_a_method_that_table_3_lacks_has_no_printed_numbers(tmp_path):
    for method in ("vanilla", "int8"):
        write_quality(tmp_path, "top1", "swin_moe", "cifar10_test_resplit", method, 0, 0.5)
    (tmp_path / "runs/swin_moe/cifar10_test_resplit/int8/seed0/summary.json").write_text("{")
    vanilla, int8 = imagenet_rows(read_evidence(tmp_path), published())
    assert (vanilla.top1.value, vanilla.paper_top1) == (50, 84.7)
    assert (int8.top1, int8.paper_top1, int8.rate) == ("invalid record", None, None)
