"""What Snakemake adds to the work itself: the nano matrix with commands that take no time, and the paper's plan."""

import re
import time
from pathlib import Path

from tests.cluster.project import ROOT, Project

# The published run's file where there is one, since some jobs read what others wrote.
STUB = (
    'shell:\n        "for file in {{output}}; do mkdir -p $(dirname $file);'
    ' cp {reference}/${{{{file#results/nano/}}}} $file 2>/dev/null || touch $file; done"\n'
)


def stub_commands(project: Project) -> None:
    """Have every rule copy or touch its outputs."""
    stub = STUB.format(reference=ROOT / "results" / "reference")
    replaced = 0
    for rules in project.folder.glob("suite/rules/*.smk"):
        text, count = re.subn(r'shell:\n(?: +".*"\n)+', lambda _: stub, rules.read_text())
        rules.write_text(text)
        replaced += count
    assert replaced >= 8


def seconds(project: Project, *arguments: str, config: tuple[str, ...]) -> tuple[float, str]:
    began = time.perf_counter()
    done = project.snakemake(*arguments, config=config)
    assert done.returncode == 0, done.stdout
    return time.perf_counter() - began, done.stdout


def test_the_nano_matrix_costs_at_most_twenty_seconds_of_snakemake(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    stub_commands(project)
    profile = ("reproduce", "--profile", "profiles/laptop")
    first, output = seconds(project, *profile, config=("scale=nano",))
    jobs = re.search(r"^total +(\d+)$", output, re.MULTILINE)
    again, _ = seconds(project, *profile, config=("scale=nano",))
    print(f"\n{jobs and jobs[1]} jobs: {first:.1f} s; with nothing to do: {again:.1f} s")
    assert jobs and int(jobs[1]) >= 17 and len(list(project.folder.rglob("summary.json"))) == 17
    assert first <= 20 and again <= 20


def test_planning_the_paper_s_matrix_takes_at_most_thirty_seconds(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    for profile in ("laptop", "slurm"):
        taken, output = seconds(
            project, "reproduce", "--dry-run", "--profile", f"profiles/{profile}", config=("scale=paper",)
        )
        print(f"\n{profile}: {taken:.1f} s")
        assert re.search(r"^run +\d{3}$", output, re.MULTILINE)
        assert taken <= 30
