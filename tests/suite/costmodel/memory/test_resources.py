import json
from types import SimpleNamespace

import pytest

from suite.config.compose import cluster_named, compose
from suite.costmodel.memory.resources import of_ranks, write_estimate

GPT = SimpleNamespace(model="gpt_moe", task="text_lm")
UNPLANNED = SimpleNamespace(memory=[])


def asked(cluster, input=UNPLANNED, attempt=1, copies=1, scale="nano"):
    """What Snakemake would ask for: resources that are None are left out."""
    rule = of_ranks(lambda _: cluster_named(cluster), scale, lambda _: copies)
    memory, minutes = rule.pop("mem_mb"), rule.pop("runtime")
    values = {name: value(GPT) for name, value in rule.items()}
    values |= {"mem_mb": memory(GPT, input, attempt), "runtime": minutes}
    return {name: value for name, value in values.items() if value is not None}


def test_ranks_of_one_machine_are_one_task():
    assert asked("loopback") == {"nodes": 1, "tasks": 1, "cpus_per_task": 2, "mem_mb": 1500 + 2 * 2000, "runtime": 30}


def test_servers_are_nodes_with_one_task_each():
    found = asked("slurm_gpu_4x8", scale="paper")
    assert found.pop("mem_mb") > 0
    assert found == {
        "nodes": 4,
        "tasks": 4,
        "mpi": "srun",
        "cpus_per_task": 16,
        "gres": "gpu:8",
        "tasks_per_gpu": 0,
        "runtime": 1440,
    }
    assert asked("slurm_cpu_2x1")["nodes"] == 2 and "gres" not in asked("slurm_cpu_2x1")
    assert "mpi" not in asked("gpu_server")


def test_every_attempt_asks_for_more_memory_and_every_model_for_its_own(tmp_path):
    overrides = ["model=gpt_moe", "task=text_lm", "cluster=slurm_cpu_2x1", f"results={tmp_path}"]
    write_estimate(overrides)
    (path,) = tmp_path.rglob("*.json")
    assert path == tmp_path / "nano/memory/slurm_cpu_2x1/gpt_moe/text_lm.json"
    estimate = json.loads(path.read_text())
    models = 1500 + estimate["host_mb"] - asked("slurm_cpu_2x1")["mem_mb"]
    assert models == pytest.approx(estimate["device_bytes"]["total"] / 1e6, abs=1) and models > 10
    planned = SimpleNamespace(memory=[str(path)])
    first = asked("slurm_cpu_2x1", planned)["mem_mb"]
    assert first == 1500 + estimate["host_mb"]
    assert [asked("slurm_cpu_2x1", planned, attempt)["mem_mb"] for attempt in (2, 3)] == [2 * first, 3 * first]
    assert asked("slurm_cpu_2x1", planned, copies=3)["mem_mb"] == first + 2 * models


def test_a_job_asks_for_what_its_cluster_s_ranks_use():
    cluster = compose(["cluster=slurm_cpu_2x1"]).cluster
    assert cluster == cluster_named("slurm_cpu_2x1")
    assert asked("slurm_cpu_2x1")["cpus_per_task"] * cluster.servers == cluster.ranks * cluster.threads_per_rank
