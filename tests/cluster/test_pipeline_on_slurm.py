"""The same Snakefile on a Slurm cluster of two nodes: it computes what this machine computes alone."""

from tests.cluster.project import SELECTED, Project
from tests.cluster.throwaway_slurm import Slurm, snakemake_options

TWO_NODES = (*SELECTED, "cluster=slurm_cpu_2x1")


def test_two_nodes_train_to_the_same_records_as_one_machine(slurm: Slurm, project: Project, local: Project) -> None:
    done = project.snakemake("runs", *snakemake_options(), config=TWO_NODES, environment=slurm.environment)
    assert done.returncode == 0, done.stdout
    for method in ("vanilla", "lsh"):
        assert project.record(method) == local.record(method)
    assert len(list(project.folder.glob("results/nano/logs/runs/**/*.log"))) == 2
