"""The docs site: every link leads somewhere, and nothing is loaded from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; mkdocs refuses a page without a place in the menu and a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r"<(?:script|img|iframe)[^>]* src=\"?(https?:[^\" >]+)|<link[^>]* href=\"?(https?:[^\" >]+)")
    found = {match for page in site.rglob("*.html") for match in loaded.findall(page.read_text())}
    assert found == set()


def test_the_committed_evidence_is_part_of_it(site: Path) -> None:
    assert "results/reference/tables/variance" in (site / "findings" / "index.html").read_text()
    assert (site / "results" / "reference" / "tables" / "variance" / "index.html").exists()
    assert (site / "architecture.svg").exists()
