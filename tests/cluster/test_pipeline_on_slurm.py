"""The same Snakefile on a Slurm cluster of two nodes: it computes what this machine computes alone."""

from pathlib import Path

from mlflow import MlflowClient

from tests.cluster.project import SELECTED, Project
from tests.cluster.throwaway_slurm import Slurm, snakemake_options, wait_until

TWO_NODES = (*SELECTED, "cluster=slurm_cpu_2x1")


def test_two_nodes_train_to_the_same_records_as_one_machine(slurm: Slurm, project: Project, local: Project) -> None:
    done = project.snakemake(
        "runs", *snakemake_options(), config=TWO_NODES, environment=slurm.environment, mirrored=True
    )
    assert done.returncode == 0, done.stdout
    for method in ("vanilla", "lsh"):
        assert project.record(method) == local.record(method)
    assert len(list(project.folder.glob("results/nano/logs/runs/**/*.log"))) == 2
    finished = {"vanilla": "FINISHED", "lsh": "FINISHED"}
    wait_until(lambda: mirrored_runs(project.folder / "results") == finished, "both runs in MLflow", seconds=120)


def mirrored_runs(results: Path) -> dict[str, str]:
    """States of the runs in MLflow, by method; the mirror ends a little after the pipeline."""
    if not (results / "mlflow.db").exists():
        return {}
    client = MlflowClient(tracking_uri=f"sqlite:///{results / 'mlflow.db'}")
    found = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    return {run.data.tags["method"]: run.info.status for run in found}
