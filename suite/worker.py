"""One rank of a run: ``python -m suite.worker RUN_FOLDER``, started by torchrun."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from suite.check import starting_point
from suite.config import from_yaml
from suite.environment import describe_ranks
from suite.files import write_atomically
from suite.launch import die_with_parent, reporting_failure
from suite.loop import Trainer, build_model, train
from suite.records import RunFolder
from suite.schema import ClusterConfig
from suite.tasks import build_task

# A collective that waits longer than this has lost a rank.
COLLECTIVE_TIMEOUT = timedelta(seconds=60)


def join(cluster: ClusterConfig) -> torch.device:
    """Join the process group as the rank torchrun made this process; returns the rank's device."""
    die_with_parent()
    torch.set_num_threads(cluster.threads_per_rank)
    device = torch.device(cluster.device)
    if cluster.device == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group(cluster.backend, timeout=COLLECTIVE_TIMEOUT)
    return device


def main(path: Path) -> None:
    """Train the run whose folder is ``path``; the launcher records a failure."""
    folder = RunFolder(path)
    config = from_yaml(folder.config.read_text())
    with reporting_failure(path, int(os.environ["RANK"])):
        device = join(config.cluster)
        task = build_task(config)
        environment = describe_ranks()
        leader = dist.get_rank() == 0
        if leader:
            write_atomically(folder.environment, json.dumps(environment, indent=2) + "\n")
        trainer = Trainer(config, task, build_model(config, task, device), device)
        origin = starting_point(config)
        summary = train(
            trainer,
            folder,
            origin and origin.checkpoints,
            lambda text: print(f"{config.method.name}: {text}", flush=True),
        )
        if leader:
            folder.finish(summary)
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
