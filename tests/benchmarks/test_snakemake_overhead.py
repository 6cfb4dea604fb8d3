"""What Snakemake adds to the work itself: the nano matrix with commands that take no time, and the paper's plan."""

import re
import shutil
import time
from pathlib import Path

from suite.config.matrix import select
from tests.cluster.project import ROOT, Project

# The published run's file where there is one, since some jobs read what others wrote.
STUB = (
    '{indent}shell:\n{indent}    "for file in {{output}}; do mkdir -p $(dirname $file);'
    ' cp {reference}/${{{{file#results/nano/}}}} $file 2>/dev/null || touch $file; done"\n'
)


def stub_commands(project: Project) -> None:
    """Have every rule copy or touch its outputs. The trials of a study are no rule's outputs, and are there already."""
    reference, replaced = ROOT / "results" / "reference", 0
    for trial in reference.glob("sweeps/paper_ablation/trials/*/trial.json"):
        place = project.folder / "results" / "nano" / trial.relative_to(reference)
        place.parent.mkdir(parents=True)
        shutil.copy(trial, place)
    for rules in (*project.folder.glob("suite/rules/*.smk"), project.folder / "sweeps" / "rules.smk"):
        text, count = re.subn(
            r'^( +)shell:\n(?: +f?".*"\n)+',
            lambda found: STUB.format(indent=found[1], reference=reference),
            rules.read_text(),
            flags=re.MULTILINE,
        )
        rules.write_text(text)
        replaced += count
    assert replaced >= 13


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
    confirmed, runs = 1, len(select({"scale": "nano"}).runs)
    assert jobs and int(jobs[1]) > runs and len(list(project.folder.rglob("summary.json"))) == runs + confirmed
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
