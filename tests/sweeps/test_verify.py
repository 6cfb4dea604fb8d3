"""A study whose tables or records were edited by hand says so."""

import json
import shutil
from pathlib import Path

import pytest

from sweeps.folder import StudyFolder
from sweeps.verify import verify
from tests.program import lshmoe_bench

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
STUDY = "paper_ablation"


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    shutil.copytree(REFERENCE / "sweeps" / STUDY, tmp_path / "reference" / "sweeps" / STUDY)
    return StudyFolder(tmp_path, "reference", STUDY)


def test_the_reference_s_studies_follow_from_their_records() -> None:
    done = lshmoe_bench("study", "verify", REFERENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert STUDY in done.stdout


def test_an_edited_record_an_edited_trial_and_an_edited_table_are_named(folder: StudyFolder) -> None:
    (summary,) = folder.path.glob("trials/1/*/runs/*/*/*/*/summary.json")
    record = json.loads(summary.read_text())
    summary.write_text(json.dumps(record | {"rate": 0.5}))
    best = (folder.path / "best.csv").read_text()
    (folder.path / "best.csv").write_text(best.replace("cross_polytope,2,", "cross_polytope,3,"))
    found = verify(folder)
    assert found[0].startswith(f"{STUDY}: trial 1: rate is 0.0") and found[0].endswith("its record says 0.5")
    assert f"{STUDY}: differs when rebuilt: best.csv" in found


def test_a_trial_without_its_record_is_named(folder: StudyFolder) -> None:
    shutil.rmtree(folder.trials / "2")
    assert any("trial 2: no record in" in line for line in verify(folder))


@pytest.mark.parametrize("name", ["trials.csv", "best.csv"])
def test_a_file_that_is_gone_is_named(folder: StudyFolder, name: str) -> None:
    (folder.path / name).unlink()
    assert f"{STUDY}: missing: {name}" in verify(folder)


@pytest.mark.parametrize(("text", "reason"), [(None, "no trial.json"), ("{}", "trial.json has schema None")])
def test_a_winner_whose_record_is_at_fault_is_named(folder: StudyFolder, text: str | None, reason: str) -> None:
    path = folder.trials / "1" / "trial.json"
    path.write_text(text) if text else path.unlink()
    assert any(f"trials/1: {reason}" in line for line in verify(folder))
