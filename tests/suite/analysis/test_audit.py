import pytest

from suite.analysis.audit import audit_rows
from suite.analysis.audit.judgement import CONSISTENT, INCONSISTENT, NEEDS_MORE, judge
from suite.analysis.audit.speedups import BYTES_SHRINK, EXPERTS_SHRINK
from suite.config.paper.published import Published, published
from suite.config.paper.table1 import table1
from suite.costmodel.sheets import sheets


def changed(path: str, value: object) -> Published:
    """The paper's numbers with one of them altered, as ``shares.gpt_moe.value``."""
    values = published().model_dump()
    *parents, last = path.split(".")
    node = values
    for key in parents:
        node = next(item for item in node if item["id"] == key) if isinstance(node, list) else node[key]
    node[last] = value
    return Published.model_validate(values)


def verdict(numbers: Published, statement: str, reading: str, model: str | None = None) -> str:
    (row,) = [
        row
        for row in audit_rows(numbers)
        if (row.statement, row.reading) == (statement, reading) and model in (None, row.model)
    ]
    return row.verdict


def test_a_judgement_worked_by_hand():
    # Share 45 %, rate 20 %: at most 1/(1 − 0.36) = 1.5625; 1.4 needs 1 − 1/1.4 = 0.2857 saved, of 0.8 or of 0.45.
    found = judge(least=1.4, most=1.4, part=0.45, rate=0.2, compute=0.55)
    assert found.possible == pytest.approx(1.5625)
    assert found.limit == pytest.approx(1 / 0.55)  # 1.82
    assert found.part_needed == pytest.approx(0.2857 / 0.8, rel=1e-3)
    assert found.rate_needed == pytest.approx(1 - 0.2857 / 0.45, rel=1e-3)
    assert found.overhead == pytest.approx(1 / 1.4 - 0.64)


@pytest.mark.parametrize(
    ("speedup", "expected"),
    [(0.8, INCONSISTENT), (1.2, NEEDS_MORE), (1.45, CONSISTENT), (1.7, NEEDS_MORE), (1.83, INCONSISTENT)],
)
def test_too_little_too_much_and_impossible_are_told_apart(speedup, expected):
    assert judge(speedup, speedup, 0.45, 0.2, 0.55).verdict == expected


def test_what_a_printed_digit_hides_counts_for_the_paper():
    assert judge(1.3, 1.3, 0.3, 0.25, 0.7).verdict == NEEDS_MORE  # at most 1.29
    assert judge(1.25, 1.35, 0.3, 0.25, 0.7).verdict == CONSISTENT


def test_every_published_speedup_is_judged_by_both_readings():
    rows = [row for row in audit_rows(published()) if row.reading in (BYTES_SHRINK, EXPERTS_SHRINK)]
    assert len(rows) == 2 * len(published().speedups) == 2 * (12 + 1 + 2 + 2)
    assert {row.verdict for row in audit_rows(published())} == {CONSISTENT, INCONSISTENT, NEEDS_MORE}
    assert all(row.section and row.reason for row in audit_rows(published()))


@pytest.mark.parametrize(
    ("path", "value", "statement", "before", "after"),
    [
        ("speedups.gpt_moe_sst2.value", 1.5, "gpt_moe_sst2", CONSISTENT, INCONSISTENT),
        ("speedups.gpt_moe_mnli.value", 1.3, "gpt_moe_mnli", NEEDS_MORE, CONSISTENT),
        ("shares.gpt_moe.value", 0.45, "gpt_moe_52b_qnli", INCONSISTENT, CONSISTENT),
        ("rates.six_functions.value", 0.1, "roberta_moe_pretraining", NEEDS_MORE, CONSISTENT),
        ("shares.swin_moe.value", 0.25, "swin_moe_imagenet", INCONSISTENT, CONSISTENT),
        ("shares.average.value", 0.7, "headline_high", INCONSISTENT, CONSISTENT),
    ],
)
def test_a_verdict_flips_when_a_published_number_is_altered(path, value, statement, before, after):
    assert verdict(published(), statement, BYTES_SHRINK) == before
    assert verdict(changed(path, value), statement, BYTES_SHRINK) == after


def test_throughputs_must_give_the_printed_speedup():
    reading = ("swin_moe_imagenet_throughput", "samples per second")
    assert verdict(published(), *reading) == CONSISTENT
    assert verdict(changed("throughputs.swin_moe.after", 250.0), *reading) == INCONSISTENT


def test_equations_are_held_against_the_measured_shares_at_what_gpus_achieve():
    printed, corrected = "eq. 9 as printed", "eq. 9, bytes and shared NICs"
    assert verdict(published(), "share_roberta_moe", printed) == INCONSISTENT  # at most 25 % at 60 % of the peak
    assert verdict(changed("shares.roberta_moe.value", 0.25), "share_roberta_moe", printed) == CONSISTENT
    assert verdict(published(), "share_roberta_moe", corrected) == INCONSISTENT  # 46 % or more at 10 % of the peak
    assert verdict(published(), "share_swin_moe", corrected) == CONSISTENT


def test_what_the_text_says_of_all_shares_is_held_against_those_of_the_figure():
    assert verdict(published(), "share_average", "mean of Fig. 3") == CONSISTENT
    assert verdict(changed("shares.swin_moe.value", 0.9), "share_average", "mean of Fig. 3") == INCONSISTENT
    assert verdict(published(), "share_largest", "largest of Fig. 3") == CONSISTENT
    assert verdict(changed("largest_share", 0.5), "share_largest", "largest of Fig. 3") == INCONSISTENT


def test_a_speed_up_that_is_too_small_stays_so_wherever_the_bar_is_read():
    for share in (0.65, 0.75):
        assert verdict(changed("shares.swin_moe.value", share), "swin_moe_imagenet", BYTES_SHRINK) == INCONSISTENT


def test_growth_is_held_against_the_equation():
    servers = ("share_at_twice_the_servers", "eq. 9 as printed", "GPT-MoE (15B)")
    assert verdict(published(), *servers) == INCONSISTENT
    assert verdict(changed("share_cluster", {"cluster": "a100_4x8", "gpus": 512, "gpus_doubled": 1024}), *servers) == (
        CONSISTENT
    )
    assert verdict(published(), "share_at_twice_the_experts", *servers[1:]) == CONSISTENT


def test_models_that_the_equation_cannot_tell_apart_must_have_one_share():
    row = ("share_as_gpt_moe", "eq. 9 as printed", "RoBERTa-MoE")
    assert verdict(published(), *row) == INCONSISTENT
    assert verdict(changed("shares.roberta_moe.value", 0.33), *row) == CONSISTENT


@pytest.mark.parametrize("field", ["share", "rate", "model"])
def test_a_speedup_that_names_an_unknown_number_is_refused(field):
    with pytest.raises(ValueError, match=rf"speedups\.gpt_moe_sst2\.{field}: unknown 'none'; allowed: .*gpt_moe|six"):
        changed(f"speedups.gpt_moe_sst2.{field}", "none")


def test_clusters_that_the_paper_ran_on_are_known():
    named = {model.cluster for model in published().models.values()} | {published().share_cluster.cluster}
    assert named <= set(sheets().clusters)


def test_shapes_are_those_of_table_1():
    for row in table1().rows:
        model = published().models[row.model]
        assert model.title == row.title
        for field in ("layers", "d_model", "d_ffn", "experts"):
            assert getattr(row.printed, field) in (getattr(model, field), None), (row.model, field)
        assert model.widths_stated == (row.printed.d_model is not None)
