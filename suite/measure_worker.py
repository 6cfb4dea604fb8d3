"""One rank of a paired measurement: ``python -m suite.measure_worker ARGUMENTS…``, started by torchrun."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import torch.distributed as dist

from lshmoe.seeding import derive_seed
from suite import checkpoint
from suite.environment import describe_ranks
from suite.files import write_atomically
from suite.joining import join
from suite.launch import reporting_failure
from suite.loop import Trainer, build_model
from suite.measure import Plan, parse
from suite.pairing import Block, run_blocks
from suite.records import RunFolder
from suite.schema import RECORD_SCHEMA, RunConfig
from suite.statistics import paired_ratio
from suite.tasks import build_task


def measure(plan: Plan) -> None:
    """Build a model per method, all with vanilla's weights, measure, and write the record on rank 0."""
    member = join(plan.vanilla.cluster)
    task = build_task(plan.vanilla)
    trained = RunFolder.of(plan.vanilla).checkpoints
    trainers, step = {}, 0
    for config in plan.configs:
        model = build_model(config, task, member)
        step = checkpoint.load_weights(trained, model).step
        trainers[config.method.name] = Trainer(standing_still(config), task, model, member.device, kinds=False)
    settings = plan.vanilla.scale.measurement
    environment = describe_ranks() | {"transport": member.transport}
    leader = dist.get_rank() == 0
    blocks = []
    for block in run_blocks(
        trainers,
        rounds=settings.blocks,
        steps=settings.steps_per_block,
        warmup=settings.warmup_steps,
        seed=derive_seed(plan.vanilla.seed, "blocks"),
    ):
        blocks.append(block)
        if leader and len(blocks) % len(trainers) == 0:
            print(f"round {block.round + 1}/{settings.blocks}", flush=True)
    if leader:
        record = {
            "schema": RECORD_SCHEMA,
            "model": plan.vanilla.model.name,
            "task": plan.vanilla.task.name,
            "scale": plan.vanilla.scale.name,
            "cluster": plan.vanilla.cluster.name,
            "seed": plan.vanilla.seed,
            "data": task.data_record(),
            "weights": f"vanilla, seed {plan.vanilla.seed}, step {step}" if step else "untrained",
            "warmup_steps": settings.warmup_steps,
            "steps_per_block": settings.steps_per_block,
            "methods": {config.method.name: config.method.model_dump(mode="json") for config in plan.configs},
            "environment": environment,
            "blocks": [asdict(block) for block in blocks],
        }
        write_atomically(plan.record, json.dumps(record, indent=1) + "\n")
        _report(blocks)
    dist.barrier()
    dist.destroy_process_group()


def _report(blocks: Sequence[Block]) -> None:
    seconds: dict[str, list[float]] = {}
    for block in sorted(blocks, key=lambda block: block.round):
        seconds.setdefault(block.method, []).append(block.seconds)
    for method, measured in seconds.items():
        ratio = paired_ratio(seconds["vanilla"], measured)
        print(f"{method}: speed-up over vanilla {ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]", flush=True)


def standing_still(config: RunConfig) -> RunConfig:
    """The same configuration with a learning rate of zero: steps cost the same and change no weight.

    The rate of a method depends on the age of the weights, so all blocks must see the same ones.
    """
    scale, training = config.scale.name, config.training
    still = training.model_copy(update={"optimizer": training.optimizer.model_copy(update={"learning_rate": 0.0})})
    task = config.task.model_copy(update={"training": config.task.training | {scale: still}})
    return config.model_copy(update={"task": task})


if __name__ == "__main__":
    rank_plan = parse(sys.argv[1:])
    with reporting_failure(rank_plan.scratch, int(os.environ["RANK"])):
        measure(rank_plan)
