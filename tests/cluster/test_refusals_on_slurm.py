"""What a cluster refuses is said in its own words, at once, and the same command goes on when it is put right."""

import pytest

from tests.cluster.project import SELECTED, Project
from tests.cluster.throwaway_slurm import Slurm, snakemake_options

TARGET = "results/nano/data/text_lm.json"



@pytest.mark.parametrize(
    ("resources", "words"),
    [
        (["slurm_partition=nowhere"], "invalid partition specified: nowhere"),
        (["slurm_partition=down"], "Required partition not available (inactive or drain)"),
        (["slurm_partition=others"], "Invalid account or account/partition combination specified"),
        (["data:runtime=600"], "Requested time limit is invalid"),
        (["data:mem_mb=100000"], "Memory specification can not be satisfied"),
    ],
)
def test_a_refusal_is_shown_and_nothing_is_left(
    slurm: Slurm, project: Project, resources: list[str], words: str
) -> None:
    option = "--set-resources" if ":" in resources[0] else "--default-resources"
    options = snakemake_options("--retries", "0", option, *resources)
    done = project.snakemake(TARGET, *options, environment=slurm.environment)
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert not (project.folder / TARGET).exists()
    assert not slurm.jobs()
