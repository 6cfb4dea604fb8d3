"""What a rank does in the trainer's tests; importable by name, because ranks are spawned processes."""

from types import SimpleNamespace
from typing import Any

import torch

from suite.cluster.member import ALONE
from suite.training.trainer import Trainer, build_model
from tests.suite.builders.tiny_hosts import HOSTS


def losses_fused_and_not(steps: int) -> list[list[float]]:
    """Losses of the same short run with the trainer's optimizer, and with torch's AdamW that goes tensor by tensor."""
    host = HOSTS["gpt_moe"]
    task: Any = SimpleNamespace(inputs=host.inputs(), train_batch=lambda number, rank, world: host.batch(number))
    config = host.config("method=lsh", "task.training.nano.optimizer.warmup_steps=2")
    runs = []
    for fused in (True, False):
        trainer = Trainer(config, task, build_model(config, task, ALONE), torch.device("cpu"))
        assert trainer.optimizer.defaults["fused"]
        if not fused:
            options = trainer.optimizer.defaults | {"fused": False, "foreach": False}
            trainer.optimizer = torch.optim.AdamW(
                trainer.model.parameters(),
                **{name: options[name] for name in ("lr", "betas", "eps", "weight_decay", "fused", "foreach")},
            )
        runs.append([float(trainer.step(number)["loss"]) for number in range(steps)])
    return runs
