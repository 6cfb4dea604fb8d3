"""A study whose four workers are Slurm jobs, in PostgreSQL: one of them is killed, and nothing is lost."""

import csv
import json
from pathlib import Path

import psutil
import pytest
import yaml

from tests.cluster.project import Project
from tests.cluster.throwaway_postgres import Postgres, lacking_postgres
from tests.cluster.throwaway_slurm import Slurm, snakemake_options, wait_until

STUDY = {
    "name": "tiny",
    "summary": "four settings, a few steps each",
    "model": "gpt_moe",
    "tasks": ["text_lm"],
    "sampler": "grid",
    "grid": [{"family": "cross_polytope", "num_hashes": [2, 4, 6, 8]}],
    "cluster": "single",
    "workers": 4,
    "heartbeat": {"interval": 1, "grace": 4},
    "scales": {"nano": {"training": {"steps": 20, "eval_every": 20, "checkpoint_every": 5}}},
}
FOLDER = "results/nano/sweeps/tiny"


def with_study(project: Project) -> Project:
    """The project with the study, and with a cluster of one rank for its trials."""
    (project.folder / "sweeps/conf/tiny.yaml").write_text(yaml.safe_dump(STUDY))
    clusters = project.folder / "suite/conf/cluster"
    values = yaml.safe_load((clusters / "loopback.yaml").read_text()) | {"name": "single", "ranks": 1}
    (clusters / "single.yaml").write_text(yaml.safe_dump(values))
    return project


def losses(project: Project, trial: int) -> list[float]:
    (metrics,) = project.folder.glob(f"{FOLDER}/trials/{trial}/nano/runs/**/metrics.jsonl")
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    return [line["loss"] for line in lines if line["event"] == "train"]


def workers(slurm: Slurm) -> list[psutil.Process]:
    return [process for process in slurm.processes() if {"study", "work"} <= set(process.cmdline())]


@pytest.mark.skipif(lacking_postgres() is not None, reason=str(lacking_postgres()))
def test_four_workers_share_a_study_and_lose_nothing_to_a_kill(slurm: Slurm, project: Project, tmp_path: Path) -> None:
    with_study(project)
    table = f"{FOLDER}/trials.csv"
    small = ["--set-resources", "work_on_study:cpus_per_task=1", "work_on_study:mem_mb=1000"]
    with Postgres() as postgres:
        options = snakemake_options("--jobs", "4", *small)
        process = project.start(
            table, *options, config=("scale=nano", f"storage={postgres.url}"), environment=slurm.environment
        )
        trials = project.folder / FOLDER / "trials"
        wait_until(lambda: any(trials.glob("*/nano/runs/**/metrics.jsonl")), "a trial at work", seconds=150)
        workers(slurm)[0].kill()
        output, _ = process.communicate(timeout=200)
        assert process.returncode == 0, output

    rows = list(csv.DictReader((project.folder / table).open()))
    assert sorted(int(row["number"]) for row in rows if row["state"].lower() == "complete") == [0, 1, 2, 3]

    alone = with_study(Project(tmp_path / "alone"))
    for command, *more in (["create"], ["work", "trials=1"]):
        done = alone.lshmoe_bench("study", command, "study=tiny", "scale=nano", *more)
        assert done.returncode == 0, done.stderr
    assert losses(alone, 0) == losses(project, 0) and len(losses(project, 0)) == 20


def test_a_database_that_is_away_is_named_in_one_line(project: Project) -> None:
    done = with_study(project).lshmoe_bench(
        "study", "create", "study=tiny", "storage=postgresql://me@127.0.0.1:1/studies"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: storage: postgresql") and done.stderr.count("\n") == 1
    assert "give the same command again" in done.stderr
