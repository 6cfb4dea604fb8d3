"""The throw-away cluster, one for all tests here, and copies of the project small enough to run on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.project import Project
from tests.cluster.throwaway_slurm import NODES, Slurm, lacking


@pytest.fixture(scope="session")
def cluster() -> Iterator[Slurm]:
    if reason := lacking():
        pytest.skip(reason)
    with Slurm() as slurm:
        yield slurm


@pytest.fixture
def slurm(cluster: Slurm) -> Iterator[Slurm]:
    """The cluster with no job and both nodes up, before and after."""
    yield cluster
    cluster.clear()
    for name in NODES:
        if name not in cluster.daemons:
            cluster.start_node(name)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project")
    yield project
    project.close()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The runs that the cluster's are compared with, made on this machine without it."""
    project = Project(tmp_path_factory.mktemp("local") / "project")
    done = project.snakemake("runs", "--profile", "profiles/laptop")
    assert done.returncode == 0, done.stderr
    return project
