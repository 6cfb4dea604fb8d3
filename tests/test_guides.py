"""Every guide of CONTRIBUTING.md works as shown: followed in a fresh copy of the project, its tests pass."""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.guides import Guide, read_guides

ROOT = Path(__file__).parent.parent
GUIDES = read_guides((ROOT / "CONTRIBUTING.md").read_text())
COPIED = ("lshmoe", "baselines", "suite", "sweeps", "tests", "results/reference", "pyproject.toml")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which all guides were followed: none may get in another's way."""
    folder = tmp_path_factory.mktemp("project")
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    for guide in GUIDES:
        guide.follow(folder)
    return folder


@pytest.fixture(scope="module")
def outcomes(copy: Path) -> dict[str, bool]:
    """Whether each test passed that any guide names; all run in one process, since imports take longest."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml=outcomes.xml"]
    command.append("--continue-on-collection-errors")  # one guide at fault is no reason to doubt the others
    tests = [test for guide in GUIDES for test in guide.tests]
    environment = {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*command, *tests], cwd=copy, env=environment, capture_output=True, text=True)
    assert (copy / "outcomes.xml").exists(), done.stderr
    print(done.stdout)  # pytest shows it where a guide fails
    return {
        f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}": len(case) == 0
        for case in ElementTree.parse(copy / "outcomes.xml").iter("testcase")
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.title)
def test_a_guide_s_tests_pass(guide: Guide, outcomes: dict[str, bool]) -> None:
    assert guide.tests
    for test in guide.tests:
        passed = [outcome for name, outcome in outcomes.items() if name == test or name.startswith(f"{test}::")]
        assert passed and all(passed), test


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.title)
def test_a_guide_needs_few_files(guide: Guide) -> None:
    assert 1 <= len(guide.files) + len(guide.appended) <= 4


def test_there_is_a_guide_for_everything_that_is_plugged_in() -> None:
    wanted = "method reduction wire exchange host task data table figure claim".split()
    assert [title for title in wanted if not any(title in guide.title.split() for guide in GUIDES)] == []


def test_what_guides_show_has_the_project_s_style(copy: Path) -> None:
    shown = [path for guide in GUIDES for path in guide.files if path.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *shown], cwd=copy, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
