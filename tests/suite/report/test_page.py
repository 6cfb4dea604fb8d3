"""The page as text: what it shows, what it says is missing, and that equal records give equal bytes."""

import json
import re
import shutil
from pathlib import Path

import pytest

from suite.errors import UserError
from suite.report.markdown import render
from suite.report.page import build
from suite.report.svg import inline

REFERENCE = Path(__file__).parents[3] / "results" / "reference"
RUN = "runs/gpt_moe/text_lm/lsh/seed0"
CLAIM = {
    "id": "share",
    "section": "Fig. 3",
    "statement": "All-to-all takes <45 %> of a step.",
    "paper_value": 0.45,
    "measured": 0.43210987,
    "low": 0.4,
    "high": 0.5,
    "tolerance": "within 10 %",
    "verdict": "supported",
    "scale": "nano",
    "unit": "",
    "kind": "measured",
    "reason": "made up",
    "conditions": "",
    "power": None,
    "control": "random: worse",
    "evidence": [f"{RUN}/summary.json", "runs/gone/summary.json"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The committed records with a ledger of two claims and a manifest of one table."""
    folder = tmp_path_factory.mktemp("results") / "nano"
    shutil.copytree(REFERENCE, folder)
    other = CLAIM | {"id": "speed", "section": "Table 2", "verdict": "not supported", "evidence": []}
    (folder / "claims.json").write_text(json.dumps([CLAIM, other]))
    artifact = {
        "path": "tables/speedup.md",
        "sha256": "ab" * 32,
        "command": "remake it",
        "records": [f"{RUN}/summary.json"],
    }
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "commit": "c0ffee", "artifacts": [artifact]}))
    build(folder, "nano")
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text()


def test_equal_records_give_equal_bytes(folder, page):
    build(folder, "nano")
    assert (folder / "report.html").read_text() == page


def test_a_claim_shows_its_numbers_and_links_what_is_there(page):
    assert "All-to-all takes &lt;45 %&gt; of a step." in page
    assert "0.4321" in page and "[0.4, 0.5]" in page
    assert f'href="{RUN}/summary.json"' in page
    assert 'href="runs/gone' not in page
    assert "runs/gone/summary.json" in page.replace("<wbr>", "")


def test_a_table_shows_what_the_manifest_knows_of_it(page):
    (article,) = re.findall(r'<article id="table-speedup".*?</article>', page, flags=re.DOTALL)
    assert "remake it" in article and "ab" * 32 in article and "<caption>" in article


def test_ids_are_unique_and_references_to_them_hold(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', page)
    assert targets and set(targets) <= set(ids)


def test_nothing_comes_from_elsewhere(page):
    assert not re.search(r'(?:src|href)="(?:https?:)?//|@import|url\((?!#)', page)


def test_a_record_at_fault_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "nano")
    (tmp_path / "nano" / RUN / "metrics.jsonl").write_text("{")
    page = build(tmp_path / "nano", "nano").read_text()
    (faults,) = re.findall(r'<section id="faults".*?</section>', page, flags=re.DOTALL)
    assert RUN in faults and "not JSON" in faults


def test_an_empty_folder_says_what_is_missing(tmp_path):
    page = build(tmp_path, "nano").read_text()
    for words in ("no claims.json yet", "no manifest.json yet", "no table yet", "no figure yet", "no complete run yet"):
        assert words in page


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match="there is no"):
        build(tmp_path / "nano", "nano")


def test_a_study_has_its_report_with_its_figures(tmp_path):
    study = tmp_path / "sweeps" / "ablation"
    (study / "figures").mkdir(parents=True)
    (study / "study.yaml").write_text("name: ablation")
    shutil.copy(REFERENCE / "figures" / "audit.svg", study / "figures" / "front.svg")
    (study / "report.md").write_text(
        "# Ablation\n\n| a |\n|---|\n| 1 |\n\n![front](figures/front.svg)\n\nSee [trials](trials.csv)."
    )
    (study / "trials.csv").write_text("number\n")
    page = build(tmp_path, "nano").read_text()
    (article,) = re.findall(r'<article id="study-ablation".*?</article>', page, flags=re.DOTALL)
    assert "<svg" in article and 'href="sweeps/ablation/trials.csv"' in article


def test_leading_words_name_a_row_and_markup_stays_text():
    section = render("### Title\n\n| a | b | n |\n|:--|:--|--:|\n| x | <b>y</b> | 1 |\n", "name", "A `caption`")
    assert section.title == "Title"
    assert '<th scope="row">x</th>' in section.html and '<th scope="row">&lt;b&gt;y&lt;/b&gt;</th>' in section.html
    assert '<td class="number">1</td>' in section.html and "<code>caption</code>" in section.html


def test_greys_follow_the_page_and_colours_stay(tmp_path):
    body = '<g id="a" style="fill: #000000; stroke: #d55e00"/><use href="#a"/><style>*{fill: red}</style>'
    (tmp_path / "x.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>')
    drawn = inline(tmp_path / "x.svg", "p", "label")
    assert "var(--ink) 100%" in drawn and "#d55e00" in drawn
    assert 'id="p-a"' in drawn and 'href="#p-a"' in drawn and "<style" not in drawn
