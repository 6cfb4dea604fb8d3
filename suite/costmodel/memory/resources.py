"""What Snakemake asks of a cluster's scheduler for jobs of ranks, and the estimate of memory behind it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from suite.config.cluster import ClusterConfig
from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.files import write_atomically

# Interpreter, libraries and, on a GPU, the driver, MB per rank. Ranks of nano runs took 1,100 to 1,800 in all; the
# number for GPUs is a guess.
_PROCESS_MB = {"cpu": 2000, "cuda": 8000}
# Snakemake, the launcher and torchrun, MB per node.
_NODE_MB = 1500
# A run that exceeds its time resumes from its checkpoint.
_MINUTES = {"nano": 30, "mini": 240, "paper": 1440}


def of_ranks(
    place: Callable[[Any], ClusterConfig], scale: str, copies: Callable[[Any], int] = lambda wildcards: 1
) -> dict[str, Any]:
    """The resources of a rule whose jobs start ranks: nodes, CPUs, GPUs, memory and minutes.

    A job that was killed for its memory asks for as much again at every further attempt. A local executor ignores these
    resources.

    Args:
        place: gives the cluster for a job's wildcards. Servers that are nodes get one task each, in which torchrun
            starts their ranks; otherwise all ranks are on one node. A rule's input ``memory`` has the estimates.
        scale: decides the minutes.
        copies: gives the number of models in a job for its wildcards.
    """

    def nodes(cluster: ClusterConfig) -> int:
        return cluster.servers if cluster.spans_nodes else 1

    def ranks(cluster: ClusterConfig) -> int:
        return cluster.ranks // nodes(cluster)

    def mem_mb(wildcards: Any, input: Any, attempt: int) -> int:
        cluster = place(wildcards)
        process = _PROCESS_MB[cluster.device]
        models = max((json.loads(Path(path).read_text())["host_mb"] - process for path in input.memory), default=0)
        return attempt * (_NODE_MB + ranks(cluster) * (process + copies(wildcards) * models))

    def of(value: Callable[[ClusterConfig], Any]) -> Callable[[Any], Any]:
        return lambda wildcards: value(place(wildcards))

    return {
        "nodes": of(nodes),
        "tasks": of(nodes),
        # The job itself starts its tasks; the executor must not.
        "mpi": of(lambda cluster: "srun" if cluster.spans_nodes else None),
        "cpus_per_task": of(lambda cluster: ranks(cluster) * cluster.threads_per_rank),
        "gres": of(lambda cluster: f"gpu:{ranks(cluster)}" if cluster.device == "cuda" else None),
        # 0: tasks are counted per node, not per GPU.
        "tasks_per_gpu": of(lambda cluster: 0 if cluster.device == "cuda" else None),
        "mem_mb": mem_mb,
        "runtime": _MINUTES[scale],
    }


def memory_path(config: RunConfig) -> Path:
    """Path of a run's memory estimate."""
    folder = config.results / config.scale.name / "memory" / config.cluster.name / config.model.name
    return folder / f"{config.task.name}.json"


def estimate(config: RunConfig) -> dict[str, Any]:
    """Memory of one rank: ``device_bytes`` by part, and ``host_mb`` of its machine."""
    from suite.costmodel.memory.model import MemoryModel  # imports torch, which Snakemake does not need

    memory = MemoryModel(config).at(config.cluster.ranks)
    # A GPU rank builds its weights on the host, and checkpoints pass through the host.
    on_host = memory.total if config.cluster.device == "cpu" else 2 * (memory.dense + memory.experts)
    return {
        "model": config.model.name,
        "task": config.task.name,
        "cluster": config.cluster.name,
        "device_bytes": asdict(memory) | {"total": memory.total},
        "host_mb": _PROCESS_MB[config.cluster.device] + round(on_host / 1e6),
    }


def write_estimate(overrides: Sequence[str]) -> None:
    """Write what a rank needs to ``<results>/<scale>/memory/<cluster>/<model>/<task>.json``.

    Raises:
        UserError: for bad input, in one line.
    """
    config = compose(overrides)
    write_atomically(memory_path(config), json.dumps(estimate(config), indent=2) + "\n")
