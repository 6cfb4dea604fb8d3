"""What a cluster refuses is said in its own words, at once; put right, the same command goes on."""

from tests.cluster.project import Project
from tests.cluster.throwaway_slurm import Slurm, snakemake_options

TARGET = "results/nano/data/text_lm.json"
REFUSALS = {
    "nowhere": "invalid partition specified: nowhere",
    "closed": "Required partition not available (inactive or drain)",
    "others": "Invalid account or account/partition combination specified",
}


def test_a_refusal_is_shown_and_leaves_nothing(slurm: Slurm, project: Project) -> None:
    for partition, words in REFUSALS.items():
        options = snakemake_options("--retries", "0", "--default-resources", f"slurm_partition={partition}")
        done = project.snakemake(TARGET, *options, environment=slurm.environment)
        assert done.returncode == 1
        assert words in done.stdout
        assert "Traceback" not in done.stdout
        assert not (project.folder / TARGET).exists() and not slurm.jobs()

    done = project.snakemake(TARGET, *snakemake_options(), environment=slurm.environment)
    assert done.returncode == 0, done.stdout
    assert (project.folder / TARGET).exists()
