"""Tables, figures, claims and the report are made anew when any code or configuration that they depend on is edited."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.cluster.project import Project

ROOT = Path(__file__).parent.parent
SMALL = ("models=swin_moe", "methods=vanilla", "seeds=0")
# What each rule runs. The manifest and the crate list files, whatever made these.
RUNS = {
    "compile_tables": "suite.tables",
    "compile_audit": "suite.tables.audit",
    "compile_extrapolation": "suite.tables.extrapolation",
    "compile_models": "suite.tables.models",
    "draw_figures": "suite.figures",
    "claims": "suite.claims",
    "report": "suite.report.page",
}
LISTING = {"manifest", "crate"}
# Only the table of models builds hosts; the others take what it counted from its file.
OF_MODELS = ("suite.hosts", "suite.tasks", "suite.data", "lshmoe")
COUNTING = ("suite.tables.models", "suite.analysis.models", "suite.analysis.readings", "suite.costmodel.memory")


def dry_run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "snakemake", "report", "crate", "--dry-run", "--cores", "2", "--no-hooks"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [*command, *arguments, "--config", *SMALL], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def jobs(output: str, part: str) -> Iterator[tuple[str, list[str]]]:
    """Rules in the order of their jobs, each with its ``input`` or ``output``."""
    for job in re.split(r"^(?:local)?(?:rule|checkpoint) ", output, flags=re.MULTILINE)[1:]:
        found = re.search(rf"^ +{part}: (.*)$", job, re.MULTILINE)
        yield job.partition(":")[0], found[1].split(", ") if found else []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project whose pipeline has run: every output is there, and newer than all code."""
    copy = Project(tmp_path_factory.mktemp("copy") / "project")
    for _, outputs in jobs(dry_run(copy.folder, "--forceall"), "output"):
        for path in (copy.folder / output for output in outputs):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return copy


def due(project: Project, edited: str | None = None) -> set[str]:
    """Rules that would run, after an edit of one file."""
    later = time.time() + 60
    if edited is not None:
        before = (project.folder / edited).stat()
        os.utime(project.folder / edited, (later, later))
    output = dry_run(project.folder, "--rerun-triggers", "mtime")
    if edited is not None:
        os.utime(project.folder / edited, (before.st_atime, before.st_mtime))
    return {name for name, _ in jobs(output, "input")}


def test_every_module_that_a_rule_runs_is_its_input(project: Project) -> None:
    inputs = dict(jobs(dry_run(project.folder, "--forceall"), "input"))
    graph = grimp.build_graph("suite", "lshmoe")
    for rule, module in RUNS.items():
        entered = {name for name in graph.modules if name == module or name.startswith(f"{module}.")}
        needed = entered.union(*(graph.find_upstream_modules(name) for name in entered))
        if rule != "compile_models":
            needed = {name for name in needed if not name.startswith((*OF_MODELS, *COUNTING))}
        files = {path for name in needed for path in source_of(name)}
        assert len(files) > 20, rule
        assert files - set(inputs[rule]) == set(), rule


def source_of(module: str) -> list[str]:
    paths = [f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py"]
    return [path for path in paths if (ROOT / path).exists() and (ROOT / path).stat().st_size]


def test_with_nothing_edited_nothing_is_due(project: Project) -> None:
    assert due(project) == set()


@pytest.mark.parametrize(
    "edited",
    [
        "suite/analysis/quality.py",
        "suite/records/runs.py",
        "suite/config/paper/published.py",
        "suite/conf/paper/published.yaml",
        "suite/files.py",
    ],
)
def test_what_stands_below_all_rooms_makes_all_of_them_due(project: Project, edited: str) -> None:
    assert set(RUNS) | LISTING <= due(project, edited)


@pytest.mark.parametrize(
    ("edited", "rules"),
    [
        ("suite/conf/claims.yaml", {"claims", "manifest", "crate", "report"}),
        ("suite/hosts/swin_moe.py", {"compile_models", "claims", "manifest", "crate", "report"}),
        ("suite/report/parts/style.css", {"manifest", "crate", "report"}),
        ("suite/training/loop.py", set()),
    ],
)
def test_an_edit_costs_no_more_than_it_must(project: Project, edited: str, rules: set[str]) -> None:
    assert due(project, edited) - {"figures", "tables"} == rules
