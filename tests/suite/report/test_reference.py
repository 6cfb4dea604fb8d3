import json
import shutil
from pathlib import Path

import pytest

from suite.claims import build as claims
from suite.claims.answer import answer
from suite.errors import UserError
from suite.figures import build as figures
from suite.report.reference import ANSWER_BEGIN, ANSWER_END, BEGIN, END, publish
from suite.report.verify import verify
from suite.tables import build as tables
from tests.suite.builders.synthetic import write_run, write_speed


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    source = folder / "results/nano"
    run = write_run(source, "vanilla")
    (run / "checkpoint").mkdir()
    (run / "checkpoint/weights").write_bytes(b"large")
    write_run(source, "lsh", final=90.0)
    write_speed(source, {"vanilla": 2.0, "lsh": 1.0})
    (source / "data").mkdir()
    tables.build(source, "nano")
    figures.build(source, ["pareto", "kappa_map"])
    claims.build(source, "nano")
    (folder / "README.md").write_text(
        f"# Before\n{ANSWER_BEGIN}\nstale words\n{ANSWER_END}\n{BEGIN}\nstale words\n{END}\nafter\n"
    )
    return folder


@pytest.fixture
def finished(built, tmp_path):
    return Path(shutil.copytree(built, tmp_path / "copy"))


def publish_in(folder):
    publish(folder / "results/nano", folder / "results/reference", folder / "README.md")


def test_records_travel_and_weights_stay(finished):
    publish_in(finished)
    reference = finished / "results/reference"
    assert (reference / "runs/gpt_moe/text_lm/vanilla/seed0/metrics.jsonl").exists()
    assert not list(reference.rglob("checkpoint*"))
    assert verify(reference) == []


def test_the_readme_shows_the_tables_and_publishing_again_changes_nothing(finished):
    publish_in(finished)
    text = (finished / "README.md").read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nafter\n")
    assert "stale words" not in text
    assert "### Convergence, scale nano" in text
    assert "[claims](results/reference/claims.md) at this scale" in text
    assert answer(json.loads((finished / "results/reference/claims.json").read_text())) in text
    assert "](results/reference/figures/kappa_map.svg)" in text
    publish_in(finished)
    assert (finished / "README.md").read_text() == text


def test_an_unfinished_pipeline_is_not_published(finished):
    (finished / "results/nano/tables/convergence.md").unlink()
    with pytest.raises(UserError, match=r"lacks tables/convergence\.md; run make reproduce first"):
        publish_in(finished)


def test_a_record_at_fault_is_not_published(finished):
    Path(finished / "results/nano/runs/gpt_moe/text_lm/vanilla/seed0/summary.json").write_text("{")
    with pytest.raises(UserError, match="invalid record"):
        publish_in(finished)


def test_a_readme_without_markers_is_left_alone(finished):
    (finished / "README.md").write_text("nothing here")
    with pytest.raises(UserError, match="markers"):
        publish_in(finished)
    assert (finished / "README.md").read_text() == "nothing here"
