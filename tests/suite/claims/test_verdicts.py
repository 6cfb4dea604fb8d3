"""Verdicts on made-up records and on the committed ones, and that they turn when records are altered."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from suite.claims.build import build
from suite.claims.verdicts import judge_all
from suite.config.digest import values_sha256
from tests.suite.builders.synthetic import write_run, write_shares, write_speed

REFERENCE = Path(__file__).parents[3] / "results/reference"


def one(folder, book):
    (judged,) = judge_all(folder, "nano", book)
    return judged.finding


@pytest.fixture
def book(tmp_path):
    """Writes a ledger of one claim, looked at where synthetic records are."""

    def write(paper_value=None, **test):
        cell = {"model": "gpt_moe", "task": "text_lm"}
        places = {"here": dict.fromkeys(("nano", "mini", "paper"), cell)}
        claim = {"id": "c", "section": "s", "statement": "t", "by": "test", "at": "here", "paper_value": paper_value}
        path = tmp_path / f"claims{len(list(tmp_path.glob('claims*')))}.yaml"
        path.write_text(yaml.safe_dump({"places": places, "tests": {"test": test}, "claims": [claim]}))
        return path

    return write


def speeds(folder, lsh, **options):
    shutil.rmtree(folder / "speed", ignore_errors=True)
    return write_speed(folder, {"vanilla": 2.0, "lsh": lsh}, **options)


def seeds(folder, lsh_rate=0.25, **finals):
    """Runs by method; LSH's and its control's send rows at the rate that :func:`speeds` was timed at, by default."""
    shutil.rmtree(folder / "runs", ignore_errors=True)
    for method, values in finals.items():
        for seed, final in enumerate(values):
            write_run(folder, method, seed=seed, final=final, rate=lsh_rate if method in ("lsh", "random") else 1.0)


def test_a_speed_up_turns_with_the_record(tmp_path, book):
    claim = book(2.0, test="near", quantity="speedup", tolerance=0.15)
    speeds(tmp_path, 1.0)
    found = one(tmp_path, claim)
    assert (found.verdict, found.measured, found.low, found.high) == ("supported", 2.0, 2.0, 2.0)
    assert found.evidence == ["speed/loopback/gpt_moe/text_lm.json"]
    assert found.tolerance == pytest.approx(0.3)
    speeds(tmp_path, 1.9)
    assert one(tmp_path, claim).verdict == "not supported"
    speeds(tmp_path, 1.0)
    assert one(tmp_path, claim).verdict == "supported"


def test_a_speed_up_whose_interval_reaches_across_is_inconclusive(tmp_path, book):
    path = speeds(tmp_path, 1.0)
    record = json.loads(path.read_text())
    for block in record["links"][0]["blocks"]:
        if block["method"] == "lsh":
            block["seconds"] = (0.9, 1.0, 1.2, 1.3)[block["round"]]
    path.write_text(json.dumps(record))
    assert one(tmp_path, book(2.0, test="near", quantity="speedup", tolerance=0.15)).verdict == "inconclusive"


def test_a_steady_share_turns_with_the_record(tmp_path, book):
    claim = book("same", test="steady", variant="doubled servers", tolerance=0.05)
    assert one(tmp_path, claim).verdict == "not measured"
    path = write_shares(tmp_path, {"base": 0.3, "doubled servers": 0.302})
    assert one(tmp_path, claim).verdict == "supported"
    write_shares(tmp_path, {"base": 0.3, "doubled servers": 0.6})
    assert one(tmp_path, claim).verdict == "not supported"
    path.write_text(path.read_text()[:-20])
    assert one(tmp_path, claim).verdict == "invalid record"


WORSE = [150.0, 153.0, 151.0]


def test_equal_quality_needs_seeds_and_a_control_that_fails(tmp_path, book):
    claim = book(0.0, test="quality", relation="same")
    equal = {"vanilla": [100.0, 101.0, 102.0], "lsh": [100.1, 101.0, 101.9]}
    seeds(tmp_path, vanilla=[100.0], lsh=[100.1])
    assert one(tmp_path, claim).verdict == "underpowered"
    seeds(tmp_path, **equal, random=WORSE)
    found = one(tmp_path, claim)
    assert found.verdict == "supported"
    assert (found.power.seeds, found.power.needed) == (3, 2)
    assert found.control.startswith("random: -0.4")
    seeds(tmp_path, **equal)
    assert (one(tmp_path, claim).verdict, one(tmp_path, claim).control) == ("insensitive", "no control was run")
    seeds(tmp_path, **equal, random=equal["vanilla"])
    assert one(tmp_path, claim).verdict == "insensitive"
    seeds(tmp_path, vanilla=[100.0, 101.0, 102.0], lsh=[120.1, 121.0, 122.4])
    found = one(tmp_path, claim)
    assert found.verdict == "not supported"
    assert found.high < -0.01
    seeds(tmp_path, vanilla=[100.0, 101.0, 102.0], lsh=[103.0, 101.0, 99.0])
    found = one(tmp_path, claim)
    assert found.verdict == "underpowered"
    assert found.power.needed > found.power.seeds == 3


def test_models_that_learned_nothing_say_nothing(tmp_path, book):
    claim = book(0.0, test="quality", relation="same")
    seeds(tmp_path, vanilla=[900.0, 901.0, 902.0], lsh=[900.0, 901.0, 902.0], random=[950.0, 951.0, 952.0])
    found = one(tmp_path, claim)
    assert found.verdict == "inconclusive"
    assert "vanilla is no better than unigram frequencies" in found.reason


def test_a_better_method_sends_no_more(tmp_path, book):
    claim = book("better", test="quality", relation="better", method="lsh", reference="random")
    for seed in range(3):
        write_run(tmp_path, "lsh", seed=seed, final=100.0 + seed, relative_bytes=2.0)
        write_run(tmp_path, "random", seed=seed, final=150.0 + seed, relative_bytes=0.2)
    assert one(tmp_path, claim).verdict == "inconclusive"


def test_registered_cells_need_the_registered_bytes_and_seeds(tmp_path, book):
    claim = book(0.0, test="quality", relation="same")
    for method, final in (("vanilla", 100.0), ("lsh", 100.01), ("random", 150.0)):
        for seed in range(3):
            sent = 2.0 if method == "vanilla" else 0.2
            write_run(tmp_path, method, seed=seed, final=final + seed, relative_bytes=sent)
    (judged,) = judge_all(tmp_path, "mini", claim)
    assert (judged.finding.verdict, judged.finding.power.needed) == ("underpowered", 10)
    assert judged.registered == "not registered before every run, as far as this checkout knows"
    (judged,) = judge_all(tmp_path, "nano", claim)
    assert (judged.finding.verdict, judged.registered) == ("supported", "not registered")
    shutil.rmtree(tmp_path / "runs/gpt_moe/text_lm/lsh")
    for seed in range(3):
        write_run(tmp_path, "lsh", seed=seed, final=100.01 + seed, relative_bytes=0.4)
    (judged,) = judge_all(tmp_path, "mini", claim)
    assert judged.finding.verdict == "inconclusive"
    assert "20% was registered" in judged.finding.reason


def test_better_quality_turns_with_the_sign(tmp_path, book):
    claim = book("better", test="quality", relation="better", method="lsh", reference="random")
    seeds(tmp_path, random=[120.0, 121.0, 122.0], lsh=[100.1, 101.0, 101.9])
    assert one(tmp_path, claim).verdict == "supported"
    seeds(tmp_path, lsh=[120.0, 121.0, 122.0], random=[100.1, 101.0, 101.9])
    assert one(tmp_path, claim).verdict == "not supported"


def test_a_time_to_quality_is_steps_times_step_time(tmp_path, book):
    claim = book(2.0, test="near", quantity="time_to_target", tolerance=0.2)
    speeds(tmp_path, 1.0)
    seeds(tmp_path, vanilla=[100.0, 100.0], lsh=[100.0, 100.1], random=[150.0, 150.1])
    assert one(tmp_path, claim).verdict == "supported"
    seeds(tmp_path, vanilla=[100.0, 100.0], lsh=[100.0, 100.1], lsh_rate=1.0)  # no row saved, no time either
    assert one(tmp_path, claim).measured == pytest.approx(1.0, rel=0.01)
    seeds(tmp_path, vanilla=[100.0, 100.0], lsh=[100.0, 100.1])
    assert one(tmp_path, claim).verdict == "insensitive"
    seeds(tmp_path, vanilla=[100.0, 100.0], lsh=[300.0, 300.1])
    found = one(tmp_path, claim)
    assert found.verdict == "not supported"
    assert "2 of 2 seeds did not reach" in found.reason
    seeds(tmp_path, vanilla=[100.0], lsh=[300.0])
    assert one(tmp_path, claim).verdict == "inconclusive"


def test_a_bound_and_a_chosen_rate(tmp_path, book):
    speeds(tmp_path, 1.0)
    pays = book("above 1", test="bounded", quantity="speedup", side="above", bound=1)
    assert one(tmp_path, pays).verdict == "supported"
    speeds(tmp_path, 3.0)
    assert one(tmp_path, pays).verdict == "not supported"
    for seed in range(3):
        write_run(tmp_path, "lsh", seed=seed, rate=0.2)
    (judged,) = judge_all(tmp_path, "nano", book(0.8, test="chosen_rate", reason="set here"))
    assert (judged.kind, judged.finding.verdict) == ("by construction", "by construction")
    assert judged.finding.measured == pytest.approx(0.2)


def test_without_records_there_is_no_evidence_and_a_fault_is_named(tmp_path, book):
    claim = book(0.0, test="quality", relation="same")
    assert one(tmp_path, claim).verdict == "not measured"
    assert one(tmp_path, claim).reason == "no run of lsh at this scale"
    seeds(tmp_path, vanilla=[100.0, 101.0], lsh=[100.0, 101.0], random=[150.0, 150.1])
    assert one(tmp_path, claim).verdict == "supported"
    (tmp_path / "runs/gpt_moe/text_lm/lsh/seed1/summary.json").write_text("{")
    found = one(tmp_path, claim)
    assert found.verdict == "invalid record"
    assert found.evidence == ["runs/gpt_moe/text_lm/lsh/seed1"]
    assert "not JSON" in found.reason


def write_trials(folder, rows):
    path = folder / "sweeps/paper_ablation/trials.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "number,state,task,family,num_hashes,rate,quality,metric\n" + "".join(f"{row},perplexity\n" for row in rows)
    )


def test_a_trend_towards_the_origin_turns_with_its_trials(tmp_path, book):
    where = {"family": "cross_polytope"}
    claim = book(
        "closer", test="trend", study="paper_ablation", parameter="num_hashes", where=where, origin={"family": "none"}
    )
    assert one(tmp_path, claim).verdict == "not measured"
    origin = "0,complete,text_lm,none,,1,100"
    closer = [f"{n},complete,text_lm,cross_polytope,{n},{n / 20},{120 - n}" for n in (2, 4, 6, 8, 10)]
    write_trials(tmp_path, [origin, *closer, "9,FAIL,text_lm,cross_polytope,1,0.9,100"])
    assert one(tmp_path, claim).verdict == "supported"
    # Quality that rises past the origin moves away from it.
    beyond = [f"{n},complete,text_lm,cross_polytope,{n},{n / 20},{100 - n}" for n in (2, 4, 6, 8, 10)]
    write_trials(tmp_path, [origin, *beyond])
    assert one(tmp_path, claim).verdict == "not supported"
    write_trials(tmp_path, [origin, *closer[:2]])
    assert one(tmp_path, claim).verdict == "inconclusive"
    write_trials(tmp_path, closer)
    assert one(tmp_path, claim).reason == "no trial of the origin"
    (tmp_path / "sweeps/paper_ablation/trials.csv").write_text("number,state\n1,complete\n")
    assert one(tmp_path, claim).verdict == "invalid record"


def test_families_are_compared_at_one_rate(tmp_path, book):
    claim = book("better", test="families", study="paper_ablation", rate=0.2, tolerance=0.02)
    better, worse = (100, 101, 99), (120, 121, 119)

    def trials(cross, spherical):
        families = (("cross_polytope", cross), ("spherical_plane", spherical))
        return [f"1,complete,text_lm,{name},6,0.2,{value}" for name, values in families for value in values]

    write_trials(tmp_path, trials(better, worse))
    assert one(tmp_path, claim).verdict == "supported"
    write_trials(tmp_path, trials(worse, better))
    assert one(tmp_path, claim).verdict == "not supported"
    write_trials(tmp_path, trials(better[:1], worse[:1]))
    assert one(tmp_path, claim).verdict == "inconclusive"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The committed records, of one seed each."""
    folder = tmp_path_factory.mktemp("results") / "nano"
    more_seeds = [f"seed{number}" for number in range(1, 10)]
    shutil.copytree(REFERENCE, folder, ignore=shutil.ignore_patterns("sweeps"))
    for run in folder.glob("runs/*/*/*/seed*"):
        if run.name in more_seeds:
            shutil.rmtree(run)
    return folder


def verdicts(folder):
    return {judged.claim.id: judged.finding for judged in judge_all(folder, "nano")}


def test_every_claim_of_the_paper_has_a_verdict_and_its_evidence_exists(reference):
    found = verdicts(reference)
    assert {finding.verdict for finding in found.values()} >= {
        "supported", "underpowered", "consistent within the paper", "inconsistent within the paper",
        "supported by model", "not supported by model", "by construction", "not measured", "needs hardware",
        "unreachable",
    }  # fmt: skip
    without = ("not measured", "inconclusive", "by construction", "needs hardware", "unreachable")
    for name, finding in found.items():
        assert finding.reason, name
        assert all((reference / path).exists() for path in finding.evidence), name
        assert finding.evidence or finding.verdict in without, name
    assert found["ratio_constant_servers"].verdict == "inconsistent within the paper"
    assert found["swin_speedup"].verdict == "inconsistent within the paper"
    assert found["gpt_52b_sst2_speedup"].reason.startswith("the paper's cluster: 52 billion parameters")
    assert found["t5_perplexity"].verdict == found["swin_throughput_lsh"].verdict == "unreachable"
    assert found["named_frameworks"].verdict == "not measured"


def test_one_seed_decides_nothing_about_quality(reference):
    judged = [one for one in judge_all(reference, "nano") if type(one.test).__name__ == "Quality"]
    assert {one.finding.verdict for one in judged} <= {"inconclusive", "underpowered", "not measured", "needs hardware"}


def test_kinds_follow_from_tests_and_places(reference):
    kinds = {judged.claim.id: judged.kind for judged in judge_all(reference, "nano")}
    for name, kind in {
        "near_identical_quality": "measured",
        "pays_gpt": "measured cost",
        "share_gpt": "by construction",
        "framework_independent": "by construction",
        "swin_rate": "by construction",
        "ratio_constant_experts": "by construction",
        "eq_9_equal_models": "arithmetic",
        "swin_speedup": "arithmetic",
        "gpt_15b_mnli_speedup": "needs hardware",
        "t5_perplexity": "unreachable",
    }.items():
        assert kinds[name] == kind, name


@pytest.mark.parametrize("twin", ["random", "untrained", "rate zero"])
def test_no_measured_claim_is_supported_that_a_bad_method_would_support(reference, tmp_path, twin):
    altered = tmp_path / "nano"
    shutil.copytree(reference, altered)
    shutil.rmtree(altered / "runs")
    write_speed(altered, {"vanilla": 2.0, "lsh": 1.0, "random": 1.0, "lsh_no_compensation": 1.0})
    sent = 0.0 if twin == "rate zero" else 0.2
    for seed in range(10):
        final = 850.0 + seed if twin == "untrained" else 150.0 + seed % 3
        write_run(altered, "vanilla", seed=seed, final=850.0 + seed if twin == "untrained" else 100.0 + seed % 3)
        for method in ("lsh", "random", "lsh_no_compensation"):
            bad = final if method != "random" or twin != "rate zero" else final + 50
            write_run(altered, method, seed=seed, final=bad, relative_bytes=sent if method == "lsh" else 0.2)
    for judged in judge_all(altered, "nano"):
        if judged.kind == "measured":
            assert judged.finding.verdict != "supported", (judged.claim.id, judged.finding)


def test_verdicts_on_the_committed_records_turn_when_these_are_altered(reference, tmp_path):
    altered = tmp_path / "nano"
    shutil.copytree(reference, altered)
    before = verdicts(altered)
    assert before["pays_t5"].verdict == "supported"
    assert before["framework_independent"].verdict == "by construction"
    path = altered / "speed/lab/t5_moe/text_span.json"
    record = json.loads(path.read_text())
    for link in record["links"]:
        for block in link["blocks"]:
            block["seconds"] *= 5 if block["method"] == "lsh" else 1
    path.write_text(json.dumps(record))
    for method in ("vanilla", "lsh"):  # two more seeds that agree
        for seed in (1, 2):
            copy_as_seed(altered / f"runs/t5_moe/text_span/{method}", seed)
    metrics = altered / "runs/swin_moe/cifar10_test_resplit/lsh/seed0/metrics.jsonl"
    metrics.write_text(metrics.read_text().replace('"rows_sent": ', '"rows_sent": 1', 1))
    after = verdicts(altered)
    assert after["pays_t5"].verdict == "not supported"
    assert after["framework_independent"].verdict == "invalid record"
    assert after["swin_rate"].verdict == "invalid record"
    assert (before["t5_same_quality"].verdict, after["t5_same_quality"].verdict) == ("underpowered", "insensitive")
    changed = {name for name in before if before[name].verdict != after[name].verdict}
    assert not {name for name in changed if name.startswith(("gpt", "roberta", "parameters", "eq_9"))}


def copy_as_seed(method, seed):
    """Another, honest record: its own seed, configuration and losses."""
    run = method / f"seed{seed}"
    shutil.copytree(method / "seed0", run)
    config = yaml.safe_load((run / "config.yaml").read_text()) | {"seed": seed}
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"seed": seed, "config_sha256": values_sha256(config)}))
    lines = [json.loads(text) for text in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line["balance_loss"] = line.get("balance_loss", 0.0) + seed / 1000
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_writing_twice_gives_the_same_bytes(reference, tmp_path):
    first = {path.name: path.read_bytes() for path in build(reference, "nano")}
    assert {path.name: path.read_bytes() for path in build(reference, "nano")} == first
    entries = json.loads(first["claims.json"])
    keys = "kind conditions power control registered".split()
    keys += "id section statement paper_value measured low high tolerance verdict scale evidence".split()
    assert all(set(keys) <= set(entry) for entry in entries)
    assert b"| RoBERTa-MoE reaches the same perplexity" in first["claims.md"]
