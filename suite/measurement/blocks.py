"""Paired blocks: methods take turns inside one process group, so that disturbances hit all of them alike."""

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist

from lshmoe.seeding import derive_seed
from suite.cluster.lab.link import Link
from suite.records.schema.block import Block
from suite.training.trainer import Trainer

_COUNTS = ("rows_routed", "rows_sent", "bytes", "remote_bytes", "inter_server_bytes", "half_precision_bytes")


def order(methods: Sequence[str], number: int, seed: int) -> list[str]:
    """All methods, shuffled by ``seed`` and the round's ``number``; the same order on every rank."""
    return random.Random(derive_seed(seed, "round", number)).sample(methods, len(methods))


def run_round(
    trainers: Mapping[str, Trainer], number: int, *, steps: int, seed: int, link: Link | None = None
) -> list[Block]:
    """Every method's block of one round, in the order they were measured; all see the same batches. Collective.

    Args:
        trainers: by method name.
        number: of the round, from 0; it decides order and batches.
        steps: training steps per turn.
        seed: of the order within rounds.
        link: the lab's, whose counters are read around every block.

    Returns:
        The blocks, equal on all ranks.
    """
    batches = range(number * steps, (number + 1) * steps)
    return [
        measure_block(trainers[method], method, batches, number, position, link)
        for position, method in enumerate(order(list(trainers), number, seed))
    ]


def measure_block(
    trainer: Trainer, method: str, steps: range, number: int = 0, position: int = 0, link: Link | None = None
) -> Block:
    """Time some steps of one method. Collective, equal on all ranks."""
    counted = link is not None and link.transport == "shaped"
    trainer.read_meters()
    _synchronise(trainer.device)
    dist.barrier()
    before = link.counters() if link is not None and counted else None
    dist.barrier()  # no rank sends before all ranks have read the counters
    start = time.perf_counter()
    for step in steps:
        trainer.step(step)
    _synchronise(trainer.device)
    seconds = time.perf_counter() - start
    dist.barrier()  # all ranks have received, so every byte has crossed the link
    sent = (link.counters() - before).sent_payload if link is not None and before is not None else 0
    phases: Counter[str] = sum((layer.traffic.seconds for layer in trainer.layers), Counter())
    meters = trainer.read_meters()
    ranks: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(ranks, (seconds, phases, meters, sent))
    per_server = 1 if link is None else link.ranks_per_server  # ranks of a server read the same counters
    return Block(
        round=number,
        position=position,
        method=method,
        seconds=max(seconds for seconds, _, _, _ in ranks),
        phases={name: sum(phases[name] for _, phases, _, _ in ranks) / len(ranks) for name in sorted(phases)},
        kernel_bytes=sum(sent for _, _, _, sent in ranks) // per_server if counted else None,
        **{name: round(sum(meters[name] for _, _, meters, _ in ranks)) for name in _COUNTS},
    )


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
