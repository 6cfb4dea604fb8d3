"""Fig. 7 from made-up trials: every panel with records is drawn, every other says that it has none."""

from pathlib import Path

import pytest

from suite.analysis.ablation import ablation_rows, read_ablation
from suite.errors import UserError
from suite.figures import ablation as figure
from suite.tables import ablation as table
from tests.suite.builders.synthetic import write_ablation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "nano"
    write_ablation(folder)
    return folder


def test_rows_say_what_was_aimed_at_and_what_was_reached(folder: Path) -> None:
    rows = ablation_rows(read_ablation(folder)[0])
    assert [row.setting for row in rows] == [
        "origin",
        "6 functions",
        "cross_polytope at 20%",
        "spherical_plane at 20%",
    ]
    assert [row.over_origin for row in rows] == [None, 1, 2, 3]
    assert [row.paper_rate for row in rows] == [None, 0.2, 0.2, 0.2]
    assert (rows[3].num_hashes, rows[3].planes, rows[3].rate) == (5, 2, 0.2)
    assert (folder / rows[3].path / "summary.json").exists()


def test_panels_without_records_say_so(folder: Path) -> None:
    svg = figure.build(folder)[0].read_text()
    assert svg.count("at this scale") == 3  # the MNLI-like task's
    assert "sst2_like (for SST-2)" in svg
    assert "6 functions" in table.build(folder, "nano")[1].read_text()


def test_a_record_at_fault_is_named_and_the_others_stay(folder: Path) -> None:
    broken = next((folder / "sweeps/paper_ablation/trials/1").rglob("summary.json"))
    broken.write_text(broken.read_text()[:-20])
    trials, faults = read_ablation(folder)
    assert [trial.number for trial in trials] == [0, 2, 3] and len(faults) == 1
    assert "Invalid record" in table.build(folder, "nano")[1].read_text()


def test_without_the_study_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run that study first"):
        figure.build(tmp_path / "nano")
