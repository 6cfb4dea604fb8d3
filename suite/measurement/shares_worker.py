"""One rank of the measurement of shares.

torchrun starts it: ``python -m suite.measurement.shares_worker STAGE ARGUMENTS…``.
"""

import json
import os
import sys
from pathlib import Path
from statistics import median
from typing import Any

import torch.distributed as dist

from lshmoe.traffic import ALL_TO_ALL_PHASES
from suite.cluster.launch import leave, reporting_failure
from suite.cluster.member import Member, join
from suite.config.run import RunConfig
from suite.files import write_atomically
from suite.measurement.links import LinkSetting, PairedRounds, in_turns, measure_links
from suite.measurement.shares import Series, parse
from suite.measurement.speed_worker import standing_still
from suite.records.environment import describe_ranks
from suite.records.schema.speed import TimedLink
from suite.tasks import build_task
from suite.training.trainer import Trainer, build_model


def measure_base(series: Series, member: Member, folder: Path) -> None:
    """Two servers: base and wide take turns on the open link and on the link that gives the base its share."""
    assert member.link is not None
    trainers = {"base": trainer(series.base, member), "wide": trainer(series.wide, member)}
    opened, slowed = measure_links(series.base, {"slow": series.share}, trainers, member.link, brief=True)
    _leave_message(
        folder / f"{series.model}_base.json",
        {
            "open_rest": rest_seconds(opened, "base"),
            "rate_mbit": member.link.rate_mbit,
            "variants": [
                variant("base", series.base, trainers["base"], slowed, "base", opened),
                variant("doubled experts", series.wide, trainers["wide"], slowed, "wide", opened),
            ],
        },
        member,
    )


def measure_doubled(series: Series, member: Member, folder: Path) -> None:
    """Twice the servers, on the base's link and on one slowed by as much as computation is.

    Computation is slower because there are more ranks than cores.
    """
    assert member.link is not None
    base = json.loads((folder / f"{series.model}_base.json").read_text())
    paired = PairedRounds(series.doubled, {"doubled": trainer(series.doubled, member)}, brief=True)
    member.link.set_rate(None)
    slowdown = paired.reference_step(paired.time_reference()).rest / base["open_rest"]
    rate = base["rate_mbit"]
    settings = [
        LinkSetting("open"),
        LinkSetting("as_base", rate_mbit=rate),
        LinkSetting("slowed", rate_mbit=rate / slowdown),
    ]
    opened, as_base, slowed = in_turns(settings, paired, member.link)
    layers = paired.trainers["doubled"]
    _leave_message(
        folder / f"{series.model}_doubled.json",
        {
            "slowdown": slowdown,
            "variants": [
                variant("doubled servers", series.doubled, layers, slowed, "doubled", opened),
                variant("doubled servers, link as the base's", series.doubled, layers, as_base, "doubled", opened),
            ],
        },
        member,
    )


def trainer(config: RunConfig, member: Member) -> Trainer:
    """A warmed-up trainer with fresh weights. Its learning rate is zero."""
    task = build_task(config)
    made = Trainer(standing_still(config), task, build_model(config, task, member), member.device, kinds=False)
    for number in range(config.scale.measurement.warmup_steps):
        made.step(number)
    return made


def rest_seconds(measured: TimedLink, name: str) -> float:
    """Median seconds of a block outside all-to-alls."""
    return median(block.seconds - block.all_to_all for block in measured.of(name))


def variant(
    name: str, config: RunConfig, measured_by: Trainer, slowed: TimedLink, method: str, opened: TimedLink
) -> dict[str, Any]:
    """A variant's part of the record, but for the environment."""
    assert slowed.fit is not None
    return {
        "variant": name,
        "servers": config.cluster.servers,
        "experts": config.size.experts,
        "all_to_alls": len(ALL_TO_ALL_PHASES) * len(measured_by.layers),
        "fit": slowed.fit.model_dump(),
        "blocks": [block.model_dump() for block in slowed.of(method)],
        "open_blocks": [block.model_dump() for block in opened.of(method)],
    }


def _leave_message(path: Path, message: dict[str, Any], member: Member) -> None:
    environment = describe_ranks(member.transport).model_dump()
    if dist.get_rank() == 0:
        message["variants"] = [each | {"environment": environment} for each in message["variants"]]
        write_atomically(path, json.dumps(message))
    dist.barrier()


if __name__ == "__main__":
    stage, chosen = sys.argv[1], parse(sys.argv[2:])
    scratch = chosen[0].folder / "ranks"
    with reporting_failure(scratch, int(os.environ["RANK"])):
        me = join((chosen[0].base if stage == "base" else chosen[0].doubled).cluster)
        for each in chosen:
            (measure_base if stage == "base" else measure_doubled)(each, me, scratch)
        dist.barrier()
        dist.destroy_process_group()
    leave()
