"""Ranks of several nodes, with clients that only answer; tests/cluster has a Slurm that runs them."""

import pytest

from suite.cluster.slurm import check_job, command, torchrun
from suite.config.compose import cluster_named
from suite.errors import UserError

TWO = cluster_named("slurm_cpu_2x1")


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """Make clients of Slurm that print an answer."""

    def give(**texts):
        for name, text in texts.items():
            client = tmp_path / name
            client.write_text(f"#!/bin/sh\n{text}\n")
            client.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return give


def test_several_nodes_need_a_job(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    check_job(cluster_named("loopback"))
    with pytest.raises(UserError, match="'slurm_cpu_2x1' has 2 servers, and this is no Slurm job; start it by snake"):
        check_job(TWO)


def test_a_job_needs_a_node_for_every_server(monkeypatch, answers):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    answers(squeue="echo 2")
    check_job(TWO)
    answers(squeue="echo 1")
    with pytest.raises(UserError, match=r"2 servers, but Slurm job 7 has 1 nodes; .*salloc --nodes=2"):
        check_job(TWO)
    answers(squeue="echo no controller >&2; exit 1")
    with pytest.raises(UserError, match=r"squeue does not answer .no controller.; see whether Slurm is up"):
        check_job(TWO)


def test_srun_starts_one_agent_per_node():
    words = command("suite.training.worker", ["folder"], cluster_named("slurm_gpu_4x8"))
    assert words[0] == "srun"
    assert {"--nodes=4", "--ntasks=4", "--ntasks-per-node=1", "--cpus-per-task=16"} <= set(words)
    assert words[-3:] == ["8", "suite.training.worker", "folder"]


@pytest.mark.parametrize(("node", "leads"), [("n1", True), ("n2", False)])
def test_agents_meet_on_the_first_node(monkeypatch, answers, node, leads):
    answers(scontrol="echo n1; echo n2", sinfo="echo $2 | cut -d= -f2")
    monkeypatch.setenv("SLURM_STEP_NODELIST", "n[1-2]")
    monkeypatch.setenv("SLURMD_NODENAME", node)
    monkeypatch.setenv("SLURM_JOB_ID", "12345")
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    words = torchrun("8", "suite.training.worker", "folder")
    assert {"--nnodes=2", "--nproc-per-node=8", "--rdzv-backend=c10d", "--rdzv-id=12345.0"} <= set(words)
    (endpoint,) = [word for word in words if word.startswith("--rdzv-endpoint=")]
    (local,) = [word for word in words if word.startswith("--local-addr=")]
    assert endpoint.startswith("--rdzv-endpoint=n1") and local == f"--local-addr={node}"
    assert f"--rdzv-conf=is_host={leads}" in words
    assert words[-3:] == ["-m", "suite.training.worker", "folder"]
