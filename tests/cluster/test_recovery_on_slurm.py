"""Ranks that are killed, jobs that are preempted and nodes that crash cost time, and nothing else."""

import re
import subprocess

from tests.cluster.project import Project
from tests.cluster.throwaway_slurm import NODES, Slurm, snakemake_options, wait_until

LSH = ("models=gpt_moe", "tasks=text_lm", "methods=lsh")


def finish(process: "subprocess.Popen[str]") -> str:
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    return output


def past(project: Project, steps: int) -> None:
    wait_until(lambda: project.steps("lsh") >= steps, f"step {steps}", seconds=120)


def memory(job: str) -> int:
    """What a job asked for, MB per node."""
    return int(re.search(r"MinMemoryNode=(\d+)M", job)[1])


def log(project: Project) -> str:
    return (project.folder / "results/nano/logs/runs/gpt_moe/text_lm/lsh/seed0.log").read_text()


def test_a_run_over_two_nodes_survives_a_killed_rank_and_a_preemption(
    slurm: Slurm, project: Project, local: Project
) -> None:
    options = snakemake_options()
    process = project.start("runs", *options, config=(*LSH, "cluster=slurm_cpu_2x1"), environment=slurm.environment)
    past(project, 6)
    slurm.ranks("n2")[0].kill()
    wait_until(lambda: not slurm.ranks(), "the other rank's end")
    assert not (project.run("lsh") / "summary.json").exists()

    wait_until(lambda: len(slurm.ranks()) == 2, "the second attempt", seconds=120)
    past(project, 12)
    urgent = ["--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null"]
    slurm.run("sbatch", *urgent, "--wrap", "sleep 1")
    wait_until(lambda: not slurm.ranks(), "the preempted ranks' end")
    assert not (project.run("lsh") / "summary.json").exists()
    wait_until(lambda: len(slurm.jobs()) == 1, "the urgent job's end")
    slurm.restart_requeued()

    finish(process)
    assert "resuming after step" in log(project)
    assert project.record("lsh") == local.record("lsh")
    jobs = slurm.run("scontrol", "--oneliner", "show", "job").splitlines()
    first, second = [job for job in jobs if f"WorkDir={project.folder}" in job and "NumNodes=2" in job]
    assert "JobState=FAILED" in first and "JobState=COMPLETED" in second and "Restarts=1" in second
    assert memory(second) == 2 * memory(first)


def test_a_run_goes_on_on_the_other_node_when_its_own_crashes(slurm: Slurm, project: Project, local: Project) -> None:
    process = project.start("runs", *snakemake_options(), config=LSH, environment=slurm.environment)
    past(project, 6)
    (node,) = {name for name in NODES if slurm.ranks(name)}
    slurm.crash_node(node)
    wait_until(lambda: "down" in slurm.node_state(node), "Slurm's notice")
    slurm.restart_requeued()

    finish(process)
    assert "resuming after step" in log(project)
    assert project.record("lsh") == local.record("lsh")
