"""One rank of a paired measurement: ``python -m suite.measurement.speed_worker ARGUMENTS…``, started by torchrun."""

import os
import sys

import torch.distributed as dist

from lshmoe.traffic import ALL_TO_ALL_PHASES
from suite.analysis.statistics import paired_ratio
from suite.cluster.launch import leave, reporting_failure
from suite.cluster.member import join
from suite.config.run import RunConfig
from suite.files import write_atomically
from suite.measurement.links import measure_links
from suite.measurement.settings import set_all
from suite.measurement.speed import Plan, parse
from suite.records.environment import describe_ranks
from suite.records.run_folder import RunFolder
from suite.records.schema.base import as_json
from suite.records.schema.speed import SpeedRecord, TimedLink
from suite.records.schema.weights import Weights
from suite.tasks import build_task
from suite.training import checkpoint
from suite.training.trainer import Trainer, build_model


def measure(plan: Plan) -> None:
    """Build a model per method, all with vanilla's weights, measure on every link; rank 0 writes what was measured."""
    member = join(plan.vanilla.cluster)
    task = build_task(plan.vanilla)
    trained = RunFolder.of(plan.vanilla).checkpoints
    trainers, step = {}, 0
    for config in plan.configs:
        model = build_model(config, task, member)
        step = checkpoint.load_weights(trained, model).step
        trainers[config.method.name] = Trainer(standing_still(config), task, model, member.device, kinds=False)
    settings = plan.vanilla.scale.measurement
    environment = describe_ranks(member.transport)
    for trainer in trainers.values():
        for number in range(settings.warmup_steps):
            trainer.step(number)
    set_all(trainers)
    links = measure_links(plan.reference, plan.shares, trainers, member.link)
    if dist.get_rank() == 0:
        for link in links:
            _report(link, plan.reference.method.name)
        record = {
            "model": plan.vanilla.model.name,
            "task": plan.vanilla.task.name,
            "scale": plan.vanilla.scale.name,
            "cluster": plan.vanilla.cluster.name,
            "seed": plan.vanilla.seed,
            "data": task.data_record(),
            "reference": plan.reference.method.name,
            "weights": Weights(method="vanilla", seed=plan.vanilla.seed, step=step),
            "warmup_steps": settings.warmup_steps,
            "steps_per_block": settings.steps_per_block,
            "servers": plan.vanilla.cluster.servers,
            "all_to_alls": len(ALL_TO_ALL_PHASES) * len(trainers[plan.reference.method.name].layers),
            "methods": {config.method.name: config.method for config in plan.configs},
            "environment": environment,
            "links": links,
        }
        write_atomically(plan.part(plan.session), as_json(SpeedRecord.model_validate(record)))
    dist.barrier()
    dist.destroy_process_group()


def _report(measured: TimedLink, reference: str) -> None:
    theirs = measured.of(reference)
    for method in dict.fromkeys(block.method for block in measured.blocks):
        ratio = paired_ratio(*([block.seconds for block in blocks] for blocks in (theirs, measured.of(method))))
        interval = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
        print(f"{measured.name}, {method}: speed-up over {reference} {interval}", flush=True)


def standing_still(config: RunConfig) -> RunConfig:
    """The same configuration with a learning rate of zero: a step costs the same and changes no weight.

    The rate of a method depends on the age of the weights, so all blocks must have the same weights.
    """
    scale, training = config.scale.name, config.training
    still = training.model_copy(update={"optimizer": training.optimizer.model_copy(update={"learning_rate": 0.0})})
    task = config.task.model_copy(update={"training": config.task.training | {scale: still}})
    return config.model_copy(update={"task": task})


if __name__ == "__main__":
    rank_plan = parse(sys.argv[1:])
    with reporting_failure(rank_plan.scratch, int(os.environ["RANK"])):
        measure(rank_plan)
    leave()
