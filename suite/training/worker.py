"""One rank of a run: ``python -m suite.training.worker RUN_FOLDER``, started by torchrun."""

import os
import sys
from pathlib import Path

import torch.distributed as dist

from suite.cluster.launch import leave, reporting_failure
from suite.cluster.member import join
from suite.config.validation import from_yaml
from suite.files import write_atomically
from suite.records.environment import describe_ranks
from suite.records.run_folder import RunFolder
from suite.records.schema.base import as_json
from suite.tasks import build_task
from suite.training.loop import train
from suite.training.start import start_of
from suite.training.trainer import Trainer, build_model


def main(path: Path) -> None:
    """Train the run whose folder is ``path``; the launcher records a failure."""
    folder = RunFolder(path)
    config = from_yaml(folder.config.read_text())
    with reporting_failure(path, int(os.environ["RANK"])):
        member = join(config.cluster)
        task = build_task(config)
        environment = describe_ranks(member.transport)
        leader = dist.get_rank() == 0
        if leader:
            write_atomically(folder.environment, as_json(environment, indent=2))
        trainer = Trainer(config, task, build_model(config, task, member), member.device)
        summary = train(
            trainer,
            folder,
            start_of(config),
            lambda text: print(f"{config.method.name}: {text}", flush=True),
        )
        if summary is not None:
            folder.finish(summary)
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    leave()
