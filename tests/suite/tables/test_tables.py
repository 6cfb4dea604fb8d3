import csv
import json
import math
from dataclasses import replace

import pytest
from scipy import stats

from suite.records.evidence import read_evidence
from suite.records.schema.summary import KindCounts
from suite.tables import kinds, runs
from suite.tables.build import build
from suite.tables.sheet import to_markdown
from tests.suite.builders.synthetic import write_run, write_speed

RECORDED = ("convergence", "speedup", "kinds", "runs", "prediction")


@pytest.fixture
def results(tmp_path):
    write_run(tmp_path, "vanilla", final=100.0)
    write_run(tmp_path, "lsh", final=105.0, rate=0.25)
    write_run(tmp_path, "lsh_no_compensation", final=300.0, rate=0.25)
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    return tmp_path


def read(folder, name):
    rows = list(csv.DictReader((folder / "tables" / f"{name}.csv").read_text().splitlines()))
    return {row["method"]: row for row in rows}


def test_columns_are_the_stable_ones_first(results):
    build(results, "nano", RECORDED)
    convergence = (results / "tables/convergence.csv").read_text().splitlines()[0].split(",")
    speedup = (results / "tables/speedup.csv").read_text().splitlines()[0].split(",")
    assert ",".join(convergence).startswith(
        "model,task,method,seed_count,steps,metric,value,value_low,value_high,steps_to_target,time_to_target_ratio"
    )
    assert ",".join(speedup).startswith(
        "model,task,method,cluster,kappa,share,rate,bytes_per_step,speedup,speedup_low,speedup_high,bound,bound_reached"
    )


def test_convergence_values(results):
    build(results, "nano", RECORDED)
    rows = read(results, "convergence")
    assert list(rows) == ["vanilla", "lsh", "lsh_no_compensation"]
    # Perplexity falls from 1000; the target is 1.05 * 100: vanilla needs 40 * 895 / 900 steps, lsh all 40.
    assert float(rows["vanilla"]["steps_to_target"]) == pytest.approx(40 * 895 / 900, rel=1e-5)
    assert float(rows["lsh"]["steps_to_target"]) == 40
    assert rows["lsh_no_compensation"]["steps_to_target"] == ""
    assert float(rows["lsh"]["time_to_target_ratio"]) == pytest.approx(2 * 895 / 900, rel=1e-5)
    assert (rows["lsh"]["value"], rows["lsh"]["exact_value"]) == ("105", "104")
    assert rows["lsh"]["value_low"] == ""  # one seed: no interval
    assert rows["lsh"]["data"] == "reviews + speeches"


def test_two_seeds_have_an_interval(results):
    write_run(results, "vanilla", seed=1, final=110.0)
    build(results, "nano", RECORDED)
    row = read(results, "convergence")["vanilla"]
    assert row["seed_count"] == "2"
    assert float(row["value_low"]) < float(row["value"]) == 105 < float(row["value_high"])


def test_speedup_values(results):
    build(results, "nano", RECORDED)
    row = read(results, "speedup")["lsh"]
    assert [float(row[name]) for name in ("speedup", "speedup_low", "speedup_high")] == [2, 2, 2]
    assert float(row["share"]) == 0.5
    assert float(row["kappa"]) == 1
    assert float(row["rate"]) == 0.25
    assert float(row["bound"]) == pytest.approx(1 / (1 - 0.5 * 0.75), rel=1e-5)
    assert float(row["step_seconds"]) == 0.5
    assert float(row["rest_seconds"]) == pytest.approx(0.125)
    assert float(row["relative_bytes"]) == 0.5


def test_rebuilding_is_byte_identical(results):
    first = {path: path.read_bytes() for path in build(results, "nano", RECORDED)}
    assert {path: path.read_bytes() for path in build(results, "nano", RECORDED)} == first


def truncate_metrics(run):
    text = (run / "metrics.jsonl").read_text()
    (run / "metrics.jsonl").write_text(text[: len(text) - 20])


def drop_a_line(run):
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(lines[:5] + lines[6:]))


def edit_the_summary(run):
    summary = json.loads((run / "summary.json").read_text())
    summary["final"]["perplexity"] = 1.0
    (run / "summary.json").write_text(json.dumps(summary))


def truncate_the_summary(run):
    (run / "summary.json").write_text((run / "summary.json").read_text()[:40])


def remove_the_summary(run):
    (run / "summary.json").unlink()


def fail(run):
    (run / "summary.json").unlink()
    (run / "failure.json").write_text(json.dumps({"reason": "NaN in moe1, rank 0"}))


def another_schema(run):
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"schema": 99}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate_metrics, "not JSON (truncated?)"),
        (drop_a_line, "does not hold the steps 1 to 40"),
        (edit_the_summary, "final perplexity is 1.0 in summary.json"),
        (truncate_the_summary, "summary.json is not JSON"),
        (remove_the_summary, "the run has not finished"),
        (fail, "NaN in moe1, rank 0"),
        (another_schema, "schema 99"),
    ],
)
def test_a_damaged_run_loses_its_own_row_only(results, capsys, damage, reason):
    damage(results / "runs/gpt_moe/text_lm/lsh/seed0")
    build(results, "nano", RECORDED)
    rows = read(results, "convergence")
    assert rows["lsh"]["value"] == "invalid record"
    assert rows["lsh"]["rate"] == ""
    assert rows["vanilla"]["value"] == "100"
    assert reason in capsys.readouterr().err
    assert reason in (results / "tables/convergence.md").read_text()


def test_a_damaged_measurement_leaves_convergence_alone(results, capsys):
    (results / "speed/loopback/gpt_moe/text_lm.json").write_text("{")
    build(results, "nano", RECORDED)
    assert read(results, "speedup")[""]["speedup"] == "invalid record"
    rows = read(results, "convergence")
    assert rows["lsh"]["value"] == "105"
    assert rows["lsh"]["time_to_target_ratio"] == ""
    assert "text_lm.json" in capsys.readouterr().err


def test_without_vanilla_there_is_no_target(tmp_path):
    write_run(tmp_path, "lsh")
    build(tmp_path, "nano", RECORDED)
    row = read(tmp_path, "convergence")["lsh"]
    assert (row["value"], row["target"], row["steps_to_target"]) == ("100", "", "")


def test_markdown_says_what_was_measured(results):
    build(results, "nano", RECORDED)
    convergence, speedup = ((results / f"tables/{name}.md").read_text() for name in ("convergence", "speedup"))
    assert "One seed each" in convergence
    assert "Data: reviews + speeches." in convergence
    assert "2.000 [2.000, 2.000]" in speedup
    assert "loopback" in speedup
    assert "vanilla, seed 0, step 40" in speedup


def test_kinds_nest(tmp_path):
    write_run(tmp_path, "lsh", rate=0.5)
    rows = {row.kind: row for row in kinds.kind_rows(read_evidence(tmp_path).runs)}
    assert "mask" not in rows  # there were none
    assert rows["distinct"].rate == rows["distinct alone"].rate == 450 / 600
    assert rows["without padding"].rate == 500 / 900
    assert (rows["all"].rate, rows["all"].share, rows["padding"].rate) == (0.5, 1, 0)
    text = to_markdown(kinds.kinds_sheet(list(rows.values()), "nano"))
    assert "| without padding |" in text and "reviews + speeches" in text


def test_methods_that_send_everything_have_no_kinds_in_markdown(tmp_path):
    write_run(tmp_path, "vanilla", rate=1.0)
    run = read_evidence(tmp_path).runs[0]
    all_sent = {kind: KindCounts(routed=10, sent=10) for kind in run.summary.rows_by_kind}
    rows = kinds.kind_rows([replace(run, summary=run.summary.model_copy(update={"rows_by_kind": all_sent}))])
    assert rows and "vanilla" not in to_markdown(kinds.kinds_sheet(rows, "nano"))


def test_runs_stand_beside_their_baseline(tmp_path):
    write_run(tmp_path, "lsh")
    write_run(tmp_path, "vanilla")
    first, second = runs.run_rows(read_evidence(tmp_path).runs)
    assert (first.method, second.method) == ("vanilla", "lsh")
    assert (first.value, first.baseline_value, first.baseline) == (100.0, 800.0, "unigram frequencies")
    assert "1,024" in to_markdown(runs.runs_sheet([first, second], "nano"))


def test_many_seeds_are_compared_with_vanilla_and_corrected_for_the_number_of_methods(tmp_path):
    finals = {
        "vanilla": (100, 101, 102),
        "lsh": (100.1, 101.0, 101.9),
        "random": (130, 131, 132.5),
        "int8": (99, 103, 102),
    }
    for method, values in finals.items():
        for seed, final in enumerate(values):
            write_run(tmp_path, method, seed=seed, final=float(final))
    build(tmp_path, "nano", ["convergence"])
    rows = read(tmp_path, "convergence")
    assert {method: row["equivalence"] for method, row in rows.items()} == {
        "vanilla": "", "lsh": "equivalent", "int8": "undecided", "random": "different",
    }  # fmt: skip
    assert float(rows["random"]["difference_high"]) < 0 < float(rows["int8"]["difference_high"])
    alone = stats.ttest_1samp([math.log(a / b) for a, b in zip((100, 101, 102), (130, 131, 132.5), strict=True)], 0)
    assert float(rows["random"]["difference_p"]) == pytest.approx(3 * alone.pvalue, rel=1e-4)
    assert "Holm" in (tmp_path / "tables/convergence.md").read_text()


def test_a_16_bit_wire_that_was_measured_is_the_reference(tmp_path):
    write_run(tmp_path, "vanilla", final=100.0)
    write_run(tmp_path, "bf16", final=98.0, relative_bytes=1.0)
    write_run(tmp_path, "lsh", final=102.9, rate=0.25)
    write_speed(tmp_path, {"bf16": 1.5, "vanilla": 2.0, "lsh": 1.0}, reference="bf16")
    build(tmp_path, "nano", ["convergence", "speedup", "savings"])
    speedup, convergence, savings = (read(tmp_path, name) for name in ("speedup", "convergence", "savings"))
    assert [float(speedup[name]["speedup"]) for name in ("bf16", "vanilla", "lsh")] == [1, 0.75, 1.5]
    assert {row["reference"] for row in [*speedup.values(), *convergence.values(), *savings.values()]} == {"bf16"}
    assert float(convergence["lsh"]["target"]) == pytest.approx(1.05 * 98)
    assert float(convergence["lsh"]["time_to_target_ratio"]) == pytest.approx(
        1.5 * float(convergence["bf16"]["steps_to_target"]) / 40, rel=1e-5
    )
    assert set(savings) == {"vanilla", "lsh"}
    assert "Reference: bf16." in (tmp_path / "tables/speedup.md").read_text()


def test_older_records_say_that_their_reference_is_a_float32_wire(results):
    build(results, "nano", ["convergence", "speedup"])
    for name in ("convergence", "speedup"):
        assert "Reference: vanilla (float32 wire)." in (results / f"tables/{name}.md").read_text()
        assert {row["reference"] for row in read(results, name).values()} == {"vanilla"}
    assert read(results, "speedup")["vanilla"]["equal_bytes"] == "fixed: 200 % (float32 wire)"
    assert read(results, "convergence")["lsh_no_compensation"]["equal_bytes"] == "yes: 50 %"


def test_a_measurement_without_its_reference_is_at_fault(tmp_path, capsys):
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0}, reference="bf16")
    build(tmp_path, "nano", ["speedup"])
    assert "bf16, which every ratio is relative to, was not measured" in capsys.readouterr().err
