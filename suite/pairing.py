"""Paired blocks: several methods take turns inside one process group, so that what disturbs one disturbs all."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist

from suite.loop import Trainer


@dataclass(frozen=True)
class Block:
    """One method's turn in one round. Counts and bytes are sums over ranks, layers and the block's steps.

    ``seconds`` is the slowest rank's; ``phases`` are means over ranks of the seconds spent per phase of the MoE layers.
    ``half_precision_bytes`` is what the same routed rows would have taken uncompressed on a 16-bit wire.
    """

    round: int
    position: int
    method: str
    seconds: float
    phases: dict[str, float]
    rows_routed: int
    rows_sent: int
    bytes: int
    remote_bytes: int
    half_precision_bytes: int


COUNTS = ("rows_routed", "rows_sent", "bytes", "remote_bytes", "half_precision_bytes")


def schedule(methods: Sequence[str], rounds: int, seed: int) -> list[list[str]]:
    """The order of methods in each round: every method once, shuffled by ``seed``, the same on every rank."""
    shuffle = random.Random(seed)
    return [shuffle.sample(methods, len(methods)) for _ in range(rounds)]


def run_blocks(trainers: Mapping[str, Trainer], *, rounds: int, steps: int, warmup: int, seed: int) -> Iterator[Block]:
    """Warm every method up, then yield the blocks as they are measured, equal on all ranks.

    All methods of a round see the same batches. Every rank of the default process group must exhaust this.

    Args:
        trainers: by method name.
        rounds: turns per method.
        steps: training steps per turn.
        warmup: steps per method before the first round, not measured.
        seed: of the order within rounds.
    """
    for trainer in trainers.values():
        for step in range(warmup):
            trainer.step(step)
    for number, methods in enumerate(schedule(list(trainers), rounds, seed)):
        first = warmup + number * steps
        for position, method in enumerate(methods):
            measured = _measure(trainers[method], range(first, first + steps))
            yield Block(round=number, position=position, method=method, **measured)


def _measure(trainer: Trainer, steps: range) -> dict[str, Any]:
    trainer.read_meters()
    _synchronise(trainer.device)
    dist.barrier()
    start = time.perf_counter()
    for step in steps:
        trainer.step(step)
    _synchronise(trainer.device)
    seconds = time.perf_counter() - start
    phases: Counter[str] = sum((layer.traffic.seconds for layer in trainer.layers), Counter())
    meters = trainer.read_meters()
    ranks: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(ranks, (seconds, phases, meters))
    return {
        "seconds": max(seconds for seconds, _, _ in ranks),
        "phases": {name: sum(phases[name] for _, phases, _ in ranks) / len(ranks) for name in sorted(phases)},
        **{name: round(sum(meters[name] for _, _, meters in ranks)) for name in COUNTS},
    }


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
