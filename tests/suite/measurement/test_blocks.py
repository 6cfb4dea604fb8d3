import time
from collections import Counter
from typing import ClassVar

import torch
from torch import nn

from lshmoe import MoELayer, lsh_reduction
from suite.config.compose import compose
from suite.measurement.blocks import order, run_round
from suite.tasks.task import Batch
from suite.training.trainer import Trainer
from tests.ranks import run_ranks


def test_every_method_once_per_round_in_a_seeded_order():
    methods = ["vanilla", "lsh", "int8", "fp8"]
    orders = [order(methods, number, seed=3) for number in range(20)]
    assert all(sorted(each) == sorted(methods) for each in orders)
    assert orders == [order(methods, number, seed=3) for number in range(20)]
    assert orders != [order(methods, number, seed=4) for number in range(20)]
    assert len(Counter(each[0] for each in orders)) == 4  # no method has the first place to itself


class Classifier(nn.Sequential):
    streams: ClassVar = {}

    def forward(self, rows_ND):
        return super().forward(rows_ND)


class MapToZero:
    """A task of the smallest kind; it notes which batches it was asked for."""

    def __init__(self, pause):
        self.pause, self.asked = pause, []

    def train_batch(self, step, rank, world):
        self.asked.append(step)
        time.sleep(self.pause)
        rows_ND = torch.randn(64, 16, generator=torch.Generator().manual_seed(step * world + rank))
        return Batch({"rows_ND": rows_ND}, torch.zeros(64, dtype=torch.int64))


def measure():
    reductions = {"vanilla": None, "lsh": lsh_reduction(16, coordinates=2, num_hashes=1)}
    trainers = {}
    for method, reduction in reductions.items():
        model = Classifier(nn.Linear(16, 16), MoELayer(16, 32, 4, reduction=reduction))
        task = MapToZero(pause=0.05 if reduction else 0.0)
        trainers[method] = Trainer(compose(), task, model, torch.device("cpu"))
    blocks = [block for number in range(3) for block in run_round(trainers, number, steps=2, seed=0)]
    return blocks, [trainer.task.asked for trainer in trainers.values()]


def test_blocks_on_two_ranks():
    (blocks, asked), (other_blocks, _) = run_ranks(2, measure)
    assert [block.method for block in blocks] == [block.method for block in other_blocks]
    assert asked == [list(range(6))] * 2  # 3 rounds of 2 steps on the same batches
    assert [block.seconds for block in blocks] == [block.seconds for block in other_blocks]
    by_method = {method: [block for block in blocks if block.method == method] for method in ("vanilla", "lsh")}
    for vanilla, lsh in zip(by_method["vanilla"], by_method["lsh"], strict=True):
        assert lsh.seconds > 0.1, "waiting for data counts"  # two steps, 0.05 s each
        assert vanilla.rows_routed == vanilla.rows_sent == 2 * 2 * 64 * 2  # ranks, steps, tokens, top-2
        assert lsh.rows_sent < lsh.rows_routed == vanilla.rows_routed
        assert vanilla.half_precision_bytes == 4 * vanilla.rows_routed * 16 * 2
        assert vanilla.bytes > 2 * vanilla.half_precision_bytes > vanilla.remote_bytes  # 32-bit rows and the counts
        assert sum(vanilla.phases.values()) <= vanilla.seconds
        assert {"dispatch", "combine", "dispatch_backward", "combine_backward", "experts"} <= set(vanilla.phases)
