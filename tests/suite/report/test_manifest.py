"""The manifest, what verification finds, and the crate."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from suite.claims import build as claims
from suite.cli.verify import command
from suite.errors import UserError
from suite.report import crate, manifest
from suite.report.manifest import artifact_paths
from suite.report.verify import verify
from suite.tables import build as tables
from tests.suite.builders.synthetic import write_run, write_speed


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "nano"
    run = write_run(folder, "vanilla")
    (run / "checkpoint").mkdir()
    (run / "checkpoint/weights.json").write_text("{}")
    (run / ".lock").touch()
    write_run(folder, "lsh", rate=0.25, git_commit="c0ffee")
    write_speed(folder, {"vanilla": 2.0, "lsh": 1.0})
    study = folder / "sweeps/variance"
    (study / "figures").mkdir(parents=True)
    for name in ("study.yaml", "trials.csv", "pareto.csv", "study.db", "figures/front.svg"):
        (study / name).write_text("x")
    tables.build(folder, "nano")
    claims.build(folder, "nano")
    manifest.build(folder, "nano")
    return folder


@pytest.fixture
def results(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "nano"))


def test_records_and_artifacts_are_told_apart(results):
    known = json.loads((results / "manifest.json").read_text())
    assert set(known) == {"schema", "scale", "commit", "records", "artifacts"}
    runs = [
        f"runs/gpt_moe/text_lm/{m}/seed0/{n}"
        for m in ("lsh", "vanilla")
        for n in ("config.yaml", "environment.json", "metrics.jsonl", "summary.json")
    ]
    studies = ["sweeps/variance/study.yaml", "sweeps/variance/trials.csv"]
    assert list(known["records"]) == [*runs, "speed/loopback/gpt_moe/text_lm.json", *studies]
    artifacts = {entry["path"]: entry for entry in known["artifacts"]}
    assert list(artifacts) == sorted(artifacts)
    assert artifacts["tables/speedup.csv"]["command"] == "lshmoe-bench tables scale=nano tables=speedup"
    assert artifacts["tables/speedup.csv"]["records"] == ["speed"]
    assert artifacts["tables/convergence.csv"]["records"] == ["runs", "speed"]
    assert artifacts["tables/kappa_map.csv"]["command"] == "lshmoe-bench tables scale=nano tables=prediction"
    assert artifacts["tables/audit.md"]["records"] == []
    assert artifacts["tables/variance.csv"]["records"] == ["sweeps/variance/trials.csv"]
    assert artifacts["sweeps/variance/figures/front.svg"]["records"] == ["sweeps/variance"]
    assert {"runs", "speed", "tables/models.csv"} <= set(artifacts["claims.json"]["records"])
    assert "sweeps/variance/study.db" not in {**known["records"], **artifacts}


def test_nothing_is_found_where_nothing_was_touched_and_writing_again_changes_nothing(results):
    assert verify(results) == []
    before = (results / "manifest.json").read_bytes()
    manifest.build(results, "nano")
    assert (results / "manifest.json").read_bytes() == before


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("damage", "lines"),
    [
        (
            lambda f: edit(f / "tables/speedup.csv", ",2,2,2,", ",3,3,3,"),
            ["artifact edited: tables/speedup.csv", "differs when rebuilt: tables/speedup.csv, line 3: "],
        ),
        (lambda f: (f / "tables/speedup.md").unlink(), ["artifact missing: tables/speedup.md"]),
        (
            lambda f: edit(f / "claims.json", '"verdict": "not measured"', '"verdict": "supported"'),
            ["artifact edited: claims.json", "differs when rebuilt: claims.json, line "],
        ),
        (
            lambda f: edit(f / "runs/gpt_moe/text_lm/lsh/seed0/summary.json", '"rate": 0.25', '"rate": 0.2'),
            [
                "record edited: runs/gpt_moe/text_lm/lsh/seed0/summary.json",
                "invalid record runs/gpt_moe/text_lm/lsh/seed0: rate is 0.2 in summary.json",
                "differs when rebuilt: tables/convergence.csv, line 3: ",
            ],
        ),
        (
            lambda f: edit(f / "speed/loopback/gpt_moe/text_lm.json", '"seconds": 1.0', '"seconds": 1.5'),
            ["record edited: speed/loopback/gpt_moe/text_lm.json", "differs when rebuilt: tables/speedup.csv"],
        ),
        (
            lambda f: (f / "runs/gpt_moe/text_lm/lsh/seed0/metrics.jsonl").unlink(),
            ["record missing: runs/gpt_moe/text_lm/lsh/seed0/metrics.jsonl", "no metrics.jsonl"],
        ),
        (
            lambda f: write_run(f, "int8"),
            ["record not in the manifest: runs/gpt_moe/text_lm/int8/seed0/config.yaml", "tables/runs.csv, line 4"],
        ),
    ],
)
def test_what_was_touched_is_named(results, damage, lines):
    damage(results)
    found = verify(results)
    for line in lines:
        assert any(line in one for one in found), (line, found)


def test_the_command_prints_a_line_each_and_exits_with_1(results):
    done = CliRunner().invoke(command, [str(results)])
    assert done.output == f"{results}: 11 records and {len(artifact_paths(results))} artifacts match\n"
    (results / "tables/kinds.md").unlink()
    done = CliRunner().invoke(command, [str(results)])
    assert (done.exit_code, done.output) == (1, "artifact missing: tables/kinds.md\n")


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schema": 0}'])
def test_without_a_manifest_there_is_a_remedy(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"lshmoe-bench manifest"):
        verify(tmp_path)


def test_the_crate_is_a_workflow_run_crate(results):
    first = {path: path.read_bytes() for path in crate.build(results, "nano")}
    assert {path: path.read_bytes() for path in crate.build(results, "nano")} == first
    document = json.loads((results / "ro-crate-metadata.json").read_text())
    graph = {entity["@id"]: entity for entity in document["@graph"]}
    root, descriptor = graph["./"], graph["ro-crate-metadata.json"]
    assert descriptor["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license", "hasPart"} <= set(root)
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in root["conformsTo"]
    workflow = graph[root["mainEntity"]["@id"]]
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert graph[workflow["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    actions = {entity["@id"]: entity for entity in graph.values() if entity["@type"] == "CreateAction"}
    assert {reference["@id"] for reference in root["mentions"]} == set(actions)
    for action in actions.values():
        assert action["instrument"] == {"@id": workflow["@id"]}
        assert graph[action["agent"]["@id"]]["@type"] == "Organization"
        assert action["object"] and action["result"]
    assert {"@id": "runs/gpt_moe/text_lm/lsh/seed0/config.yaml"} in actions["#records-c0ffee"]["result"]
    known = json.loads((results / "manifest.json").read_text())
    for path, sha256 in [*known["records"].items(), *((a["path"], a["sha256"]) for a in known["artifacts"])]:
        assert graph[path]["sha256"] == sha256
    parts = [part["@id"] for part in root["hasPart"]]
    assert all((results / part).is_file() for part in parts)
    for entity in graph.values():  # nothing dangles
        for value in entity.values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict) and "@id" in reference and not reference["@id"].startswith("http"):
                    assert reference["@id"] in graph, reference


def test_a_crate_needs_a_manifest(tmp_path):
    with pytest.raises(UserError, match=r"run lshmoe-bench manifest scale=nano first"):
        crate.build(tmp_path, "nano")
