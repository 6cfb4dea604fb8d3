"""Ranks in the tests of the lab, under torchrun: ``python -m tests.suite.cluster.lab.lab_jobs HOW FOLDER CLUSTER``."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from baselines import HierarchicalExchange
from lshmoe import Exchange
from suite.cluster.lab.counters import Counters, counters
from suite.cluster.launch import launch, reporting_failure
from suite.cluster.member import Member, join
from suite.config.cluster import ClusterConfig
from suite.config.compose import compose
from suite.errors import UserError

ROWS, WIDTH = 4096, 64


def cluster(*overrides: str) -> ClusterConfig:
    """The lab's configuration, changed by ``"ranks=4"`` and the like."""
    return compose(["cluster=lab", *(f"cluster.{text}" for text in overrides)]).cluster


def run(how: str, folder: Path, config: ClusterConfig) -> list[Any]:
    """Start ranks in a lab; what each of them answered."""
    launch("tests.suite.cluster.lab.lab_jobs", [how, str(folder), config.model_dump_json()], config, folder)
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(config.ranks)]


def settled(read: Callable[[], Counters]) -> Counters:
    """A reading when all that was sent has crossed, with the last acknowledgements."""
    dist.barrier()
    time.sleep(0.05)
    dist.barrier()
    return read()


def move(member: Member, kind: type[Exchange]) -> dict[str, int]:
    """Bytes between servers of one dispatch and combine, as the meter and as the kernel counted them."""
    exchange = kind(member.group, None, member.ranks_per_server)
    before, dense = settled(counters), counters("dense")
    generator = torch.Generator().manual_seed(dist.get_rank())
    experts = 4 * dist.get_world_size()
    counts_E = torch.bincount(torch.randint(experts, (ROWS,), generator=generator), minlength=experts)
    received = exchange(torch.randn(ROWS, WIDTH), counts_E)
    received.back(received.rows_SD)
    kernel, beside = settled(counters) - before, counters("dense") - dense
    metered = [None] * dist.get_world_size()
    dist.all_gather_object(metered, sum(exchange.traffic.inter_server_bytes.values()))
    server = dist.get_rank() // member.ranks_per_server
    here = metered[server * member.ranks_per_server : (server + 1) * member.ranks_per_server]
    return {"metered": sum(here), "kernel": kernel.sent_payload, "dense": beside.sent_payload}


def everything(member: Member) -> dict[str, Any]:
    """One lab, all its abilities, as it takes seconds to start."""
    assert member.link is not None
    answers: dict[str, Any] = {"capacity_mbit": member.link.capacity_mbit, "transport": member.transport}
    answers["flat"] = move(member, Exchange)
    answers["hierarchical"] = move(member, HierarchicalExchange)
    try:
        member.link.set_rate(1e6)
    except UserError as error:
        answers["refusal"] = str(error)
    for rate in (100.0, 25.0):
        member.link.set_rate(rate)
        answers[f"fit{rate:.0f}"] = asdict(member.link.fit())
    return answers


def fit(member: Member) -> float:
    """Seconds that measuring the link takes."""
    assert member.link is not None
    began = time.monotonic()
    member.link.fit()
    return time.monotonic() - began


def forever(member: Member) -> None:
    """Exchange until something happens."""
    rows = torch.zeros(2**16)
    while True:
        dist.all_to_all_single(torch.empty_like(rows), rows, group=member.group)
        Path(sys.argv[2], "started").touch()


if __name__ == "__main__":
    how, folder, rank = sys.argv[1], Path(sys.argv[2]), int(os.environ["RANK"])
    with reporting_failure(folder, rank):
        me = join(ClusterConfig.model_validate_json(sys.argv[3]))
        answer = {"everything": everything, "fit": fit, "forever": forever}[how](me)
        (folder / f"rank{rank}.json").write_text(json.dumps(answer))
        dist.barrier()
        dist.destroy_process_group()
