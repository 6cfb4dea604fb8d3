"""Records that are truncated, written twice, of another version or edited by hand are named; all others are read."""

import json
import shutil

import pytest
import yaml

from suite.analysis.rows import AtFault
from suite.config.digest import values_sha256
from suite.records.evidence import read_evidence
from suite.records.schema.base import as_json
from suite.records.schema.metrics import FinalLine
from suite.tables import convergence, kinds, runs
from tests.suite.builders.synthetic import write_run, write_speed


@pytest.fixture
def results(tmp_path):
    for seed in (0, 1):
        write_run(tmp_path, "vanilla", seed=seed, final=100.0 + seed)
        write_run(tmp_path, "lsh", seed=seed, final=105.0 + seed, rate=0.25)
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    return tmp_path


def edit(name, **changes):
    def damage(run):
        path = run / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return damage


def edit_line(number, **changes):
    def damage(run):
        path = run / "metrics.jsonl"
        lines = path.read_text().splitlines()
        lines[number] = json.dumps(json.loads(lines[number]) | changes)
        path.write_text("\n".join(lines) + "\n")

    return damage


def rewrite(name, change):
    def damage(run):
        (run / name).write_text(change((run / name).read_text()))

    return damage


def repeat_line(event):
    def change(text):
        lines = text.splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if f'"{event}"' in line)
        return "".join([*lines[: last + 1], *lines[last:]])

    return change


def with_final(run, **metrics):
    """Give a run a final evaluation, and its summary those metrics."""
    step = json.loads((run / "summary.json").read_text())["steps"]
    with (run / "metrics.jsonl").open("a") as file:
        file.write(as_json(FinalLine(step=step, **metrics), indent=None))
    edit("summary.json", final=metrics)(run)


def edit_kinds(run):
    summary = json.loads((run / "summary.json").read_text())
    summary["rows_by_kind"]["distinct"]["routed"] += 1
    (run / "summary.json").write_text(json.dumps(summary))


def another_config(run):
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["task"]["training"]["nano"]["steps"] = 41
    (run / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (rewrite("metrics.jsonl", lambda text: text[:-20]), "not JSON (truncated?)"),
        (rewrite("summary.json", lambda text: text[:-20]), "summary.json is not JSON"),
        (rewrite("config.yaml", lambda text: text[:30]), "config.yaml "),
        (rewrite("config.yaml", lambda text: "{" + text), "config.yaml is not YAML"),
        (lambda run: (run / "config.yaml").unlink(), "no config.yaml"),
        (lambda run: (run / "metrics.jsonl").unlink(), "no metrics.jsonl"),
        (rewrite("metrics.jsonl", repeat_line("train")), "holds the step 40 twice"),
        (rewrite("metrics.jsonl", repeat_line("eval")), "holds the evaluation 40 twice"),
        (edit("summary.json", schema=1), "schema 1, this version reads 3"),
        (edit("summary.json", rate=0.2), "rate is 0.2 in summary.json and 0.25 in metrics.jsonl"),
        (edit("summary.json", relative_bytes=0.1), "relative_bytes is 0.1"),
        (edit("summary.json", mean_step_seconds=0.4), "mean_step_seconds is 0.4"),
        (edit("summary.json", final={"perplexity": 1.0}), "final perplexity is 1.0"),
        (edit("summary.json", config_sha256="0" * 64), "summary.json 000000000000"),
        (edit("summary.json", seed=7), "names another run"),
        (edit_kinds, "rows_by_kind distinct routed is 24001 in summary.json and 24000"),
        (edit_line(5, rows_sent=9), "rate is 0.25 in summary.json"),
        (edit_line(5, rows_routed=999), "rate is 0.25 in summary.json"),
        (edit_line(5, bytes=float("nan")), "line 6 is not JSON (truncated?): NaN is no number"),
        (edit_line(5, bytes="many"), "metrics.jsonl line 6 train.bytes: "),
        (edit_line(5, event="nap"), "metrics.jsonl line 6 "),
        (edit("summary.json", steps=-1), "summary.json steps: "),
        (edit("summary.json", note="by hand"), "summary.json holds the unknown field note"),
        (lambda run: (run / "metrics.jsonl").write_bytes(b"\xff\xfe"), "metrics.jsonl cannot be read"),
        (another_config, "config.yaml has SHA-256"),
    ],
)
def test_a_run_at_fault_is_named_and_costs_its_own_cells(results, damage, reason):
    run = results / "runs/gpt_moe/text_lm/lsh/seed1"
    damage(run)
    evidence = read_evidence(results)
    (fault,) = evidence.invalid
    assert fault.path == run
    assert reason in fault.reason
    assert len(evidence.runs) == 3 and len(evidence.speeds) == 1
    rows = {row.method: row for row in convergence.convergence_rows(evidence)}
    assert isinstance(rows["lsh"], AtFault) and rows["vanilla"].value.value == 100.5
    of_runs = {(row.method, row.seed): row for row in runs.run_rows(evidence.runs, evidence.invalid)}
    assert isinstance(of_runs["lsh", 1], AtFault) and of_runs["lsh", 0].value == 105.0
    of_kinds = kinds.kind_rows(evidence.runs, evidence.invalid)
    assert [row for row in of_kinds if row.method == "lsh"] == [AtFault("gpt_moe", "text_lm", "lsh", kind="all")]
    for table in (convergence, runs, kinds):
        assert "invalid record" in (table.build(results, "nano")[1]).read_text()


def test_a_run_copied_under_another_seed_is_named_even_if_its_papers_are_forged(results):
    first = results / "runs/gpt_moe/text_lm/lsh/seed0"
    copy = first.with_name("seed2")
    shutil.copytree(first, copy)
    assert "names another run" in read_evidence(results).invalid[0].reason
    edit("summary.json", seed=2)(copy)
    assert "config.yaml is another run's" in read_evidence(results).invalid[0].reason
    config = yaml.safe_load((copy / "config.yaml").read_text()) | {"seed": 2}
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    edit("summary.json", config_sha256=values_sha256(config))(copy)
    evidence = read_evidence(results)
    assert {fault.path.name: fault.reason for fault in evidence.invalid} == {
        "seed0": "the same metrics.jsonl as lsh/seed2",
        "seed2": "the same metrics.jsonl as lsh/seed0",
    }


def test_seeds_of_one_method_must_have_been_trained_alike(results):
    write_run(results, "lsh", seed=2, steps=50, rate=0.25)
    evidence = read_evidence(results)
    assert {fault.reason for fault in evidence.invalid} == {"steps differ between the seeds of lsh"}
    assert {run.method for run in evidence.runs} == {"vanilla"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seconds": -1.0}, "takes no time"),
        ({"seconds": 0.1}, "takes less time than its phases"),
        ({"rows_sent": 1001}, "sends more rows than were routed"),
        ({"remote_bytes": 10**9}, "more bytes to other ranks than in all"),
        ({"inter_server_bytes": 20_000}, "more bytes to other servers than to other ranks"),
        ({"round": 0}, "a round does not hold each method once"),
    ],
)
def test_a_measurement_that_cannot_be_is_named(results, changes, reason):
    path = results / "speed/loopback/gpt_moe/text_lm.json"
    record = json.loads(path.read_text())
    record["links"][0]["blocks"][3] |= changes  # lsh in round 1
    path.write_text(json.dumps(record))
    evidence = read_evidence(results)
    assert reason in evidence.invalid[0].reason
    assert not evidence.speeds and len(evidence.runs) == 4


def test_a_record_is_read_once_and_again_when_it_has_changed(results):
    first, second = read_evidence(results), read_evidence(results)
    assert all(one is other for one, other in zip(first.runs, second.runs, strict=True))
    edit("summary.json", examples_per_second=1.0)(first.runs[0].path)
    third = read_evidence(results)
    assert third.runs[0].summary.examples_per_second == 1.0
    assert third.runs[1] is first.runs[1]


def test_a_final_evaluation_is_what_a_run_came_to_and_its_curve_is_compared_with_curves(results):
    for run in results.glob("runs/*/*/*/seed*"):
        with_final(run, perplexity=90.0, exact_perplexity=89.0)
    evidence = read_evidence(results)
    assert not evidence.invalid
    for row in convergence.convergence_rows(evidence):
        assert (row.value.value, row.exact_value) == (90.0, 89.0)
        assert row.target == pytest.approx(1.05 * 100.5)


def test_a_final_evaluation_of_another_step_or_value_is_refused(results):
    one, other = sorted(results.glob("runs/*/*/lsh/seed*"))
    with_final(one, perplexity=90.0)
    edit("summary.json", final={"perplexity": 91.0})(one)
    with_final(other, perplexity=90.0)
    edit_line(-1, step=3)(other)
    reasons = [invalid.reason for invalid in read_evidence(results).invalid_runs]
    assert [reason.partition(" in ")[0] for reason in reasons] == [
        "final perplexity is 91.0",
        "metrics.jsonl holds a final evaluation that is not the one after step 40",
    ]
