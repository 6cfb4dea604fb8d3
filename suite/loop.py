"""The training loop: small, ours, and the measuring instrument of the bench."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe import (
    MoELayer,
    NativeWire,
    NonFiniteRowError,
    clip_grad_norm,
    data_parallel,
    derive_seed,
    exact_dispatch,
    moe_layers,
)
from suite import checkpoint
from suite.capture import Capture
from suite.environment import peak_memory_bytes
from suite.joining import Member
from suite.kinds import KIND_METERS, KINDS, KindMeter, announce
from suite.loading import load_object
from suite.methods import method_layer_factory
from suite.pacing import rate_schedule
from suite.records import RunFolder, identity
from suite.schema import Optimizer, RunConfig
from suite.seeds import model_seed
from suite.tasks.task import Batch, Task, summed_loss

METERS = (
    "rows_routed",
    "rows_sent",
    "bytes",
    "remote_bytes",
    "inter_server_bytes",
    "all_to_all_seconds",
    "half_precision_bytes",
)
# What a metrics line holds as whole numbers.
COUNTS = (*(name for name in METERS if "seconds" not in name), *KIND_METERS, "targets")


def build_model(config: RunConfig, task: Task, member: Member) -> nn.Module:
    """The run's host with its MoE layers; the same weights on every rank and for every world size."""
    torch.manual_seed(model_seed(config.root_seed("model")))
    build = load_object("model.host", f"{config.model.host}.build")
    model: nn.Module = build(config.size, task.inputs, method_layer_factory(config, member))
    return model.to(member.device)


def half_precision_bytes(layer: MoELayer) -> float:
    """What the rows that a layer has routed since its last reset would have taken, uncompressed, on a 16-bit wire."""
    per_row = NativeWire("bfloat16").bytes_per_row(layer.dim, torch.float32)
    return 4 * layer.traffic.rows_routed * per_row  # dispatch and combine, forward and backward


def learning_rate(options: Optimizer, step: int, steps: int) -> float:
    """Linear warm-up, then a cosine down to ``final_fraction`` at the last step; ``step`` counts from 0."""
    if step < options.warmup_steps:
        return options.learning_rate * (step + 1) / options.warmup_steps
    progress = (step - options.warmup_steps) / max(1, steps - options.warmup_steps)
    floor = options.final_fraction
    return options.learning_rate * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)


@dataclass
class Trainer:
    """One model with everything a step needs. ``step(n)`` trains on global batch ``n`` (from 0)."""

    config: RunConfig
    task: Task
    model: nn.Module
    device: torch.device
    kinds: bool = True  # whether rows are counted by kind, which costs a little

    def __post_init__(self) -> None:
        options = self.config.training.optimizer
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), options.learning_rate, options.betas, options.epsilon, options.weight_decay
        )
        self.parallel = data_parallel(self.model)
        self.layers = moe_layers(self.model)
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.kind_meters = [KindMeter() for _ in self.layers if self.kinds]
        for layer, meter in zip(self.layers, self.kind_meters, strict=False):
            layer.observers.append(meter)
        # From here on torch's generator serves dropout, which must differ between ranks.
        torch.manual_seed(derive_seed(model_seed(self.config.root_seed("model")), "dropout", self.rank))

    def step(self, number: int) -> dict[str, Tensor]:
        """Forward, backward, clip, update. Returns losses whose mean over ranks is that of the global batch.

        A GPU is not waited for, but for the numbers of rows that exchanges must know; so :meth:`check_finite` comes
        afterwards.
        """
        training = self.config.training
        batch = self.task.train_batch(number, self.rank, self.world).to(self.device)
        total, targets = summed_loss(self._logits(self.parallel, batch), batch.targets)
        # Ranks may hold different numbers of targets; every target of the global batch weighs the same.
        mean_targets = targets.to(total.dtype)
        if self.world > 1:
            dist.all_reduce(mean_targets)
        loss = total / (mean_targets / self.world)
        balance = torch.stack([layer.balance_loss for layer in self.layers]).mean()
        (loss + training.balance_weight * balance).backward()
        clip_grad_norm(self.model.parameters(), training.optimizer.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(training.optimizer, number, training.steps)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": loss.detach(), "balance_loss": balance.detach(), "targets": targets}

    def check_finite(self, loss: float, number: int) -> None:
        """Look for the cause of a loss of step ``number``, the mean over ranks, that is not finite.

        Raises:
            NonFiniteRowError: on every rank, naming the first layer with such rows and its rank.
            FloatingPointError: on every rank, if no layer had any.
        """
        if math.isfinite(loss):
            return
        mine = None
        try:
            for layer in self.layers:
                layer.refuse_non_finite()
        except NonFiniteRowError as error:
            mine = str(error)
        found: list[str | None] = [None] * self.world
        dist.all_gather_object(found, mine)
        if any(found):
            raise NonFiniteRowError(next(filter(None, found)))
        raise FloatingPointError(f"the loss of step {number} is {loss}")

    def evaluate(self) -> dict[str, float]:
        """Held-out quality with the method on, and (``exact_…``) with every row sent unencoded."""
        on = self.task.evaluate(self._predict, self.rank, self.world)
        if self.config.method.reduction is None and self.config.method.wire is None:
            return on | {f"exact_{name}": value for name, value in on.items()}
        with exact_dispatch(self.model):
            exact = self.task.evaluate(self._predict, self.rank, self.world)
        return on | {f"exact_{name}": value for name, value in exact.items()}

    @torch.no_grad()
    def _predict(self, batch: Batch) -> Tensor:
        was_training = self.model.training
        self.model.eval()
        logits = self._logits(self.model, batch.to(self.device))
        self.model.train(was_training)
        return logits

    def _logits(self, model: nn.Module, batch: Batch) -> Tensor:
        announce(self.model.streams, batch.kinds, self.config.task.route_padding)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.training.precision == "bfloat16"):
            logits: Tensor = model(**batch.inputs)
        return logits

    def read_meters(self) -> dict[str, float]:
        """Traffic of all layers on this rank since the last reading."""
        totals = dict.fromkeys(METERS, 0.0)
        for layer in self.layers:
            traffic = layer.traffic
            totals["rows_routed"] += traffic.rows_routed
            totals["rows_sent"] += traffic.rows_sent
            totals["bytes"] += sum(traffic.bytes.values())
            totals["remote_bytes"] += sum(traffic.remote_bytes.values())
            totals["inter_server_bytes"] += sum(traffic.inter_server_bytes.values())
            totals["all_to_all_seconds"] += traffic.all_to_all_seconds / self.world
            totals["half_precision_bytes"] += half_precision_bytes(layer)
            traffic.reset()
        for meter in self.kind_meters:
            totals.update({name: totals.get(name, 0.0) + value for name, value in meter.read().items()})
        return totals

    def largest(self, value: int) -> int:
        """The largest over ranks."""
        tensor = torch.tensor(value, dtype=torch.int64, device=self.device)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return int(tensor)

    def reduce(self, values: Mapping[str, float | Tensor], means: tuple[str, ...] = ()) -> dict[str, float]:
        """Sum over ranks (mean for ``means``), whole numbers as integers."""
        tensor = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        reduced = dict(zip(values, tensor.tolist(), strict=True))
        for name in means:
            reduced[name] /= self.world
        return {name: int(value) if name in COUNTS else value for name, value in reduced.items()}


def train(
    trainer: Trainer, folder: RunFolder, start_weights: Path | None, report: Callable[[str], None]
) -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint if there is one; returns the summary (rank 0's is written).

    Args:
        trainer: model and task.
        folder: where the run's record goes.
        start_weights: checkpoints of the run to start from, if any.
        report: prints a line.
    """
    training, leader = trainer.config.training, trainer.rank == 0
    start = checkpoint.load(folder.checkpoints, trainer.model, trainer.optimizer)
    fresh: list[str] = []
    if start == 0 and start_weights is not None:
        fresh = checkpoint.load_weights(start_weights, trainer.model).missing
    if leader:
        folder.rewind(start)
        report(f"resuming after step {start}" if start else f"training {training.steps} steps")
        if fresh:
            report(f"new weights, not in {start_weights}: {', '.join(fresh)}")
    if start == 0:
        _evaluate(trainer, folder, 0, report)
    progress = Progress(training.steps, start)
    capture = Capture(trainer, folder)
    for number in range(start, training.steps):
        began, done = time.perf_counter(), number + 1
        with capture.step(done):
            losses = trainer.step(number)
        values = trainer.reduce(losses | trainer.read_meters(), means=("loss", "balance_loss"))
        seconds = time.perf_counter() - began  # reading the losses has waited for the device
        trainer.check_finite(values["loss"], done)
        if leader:
            folder.append({"event": "train", "step": done, "seconds": seconds, **values})
            progress.step(done, values | {"seconds": seconds}, report)
        if done % training.eval_every == 0 or done == training.steps:
            _evaluate(trainer, folder, done, report)
        if done % training.checkpoint_every == 0 or done == training.steps:
            checkpoint.save(folder.checkpoints, done, trainer.model, trainer.optimizer)
    peak = trainer.largest(peak_memory_bytes())
    return summarise(trainer, folder, peak) if leader else {}


class Progress:
    """One tidy line every now and then: about 16 of them in a short run, one per 100 steps in a long one.

    Args:
        steps: the last step.
        start: the step the run goes on from.
    """

    def __init__(self, steps: int, start: int) -> None:
        self.steps, self.start = steps, start
        self.every = min(max(1, steps // 16), 100)
        self.began = time.perf_counter()
        self.recent: list[dict[str, float]] = []

    def step(self, done: int, values: dict[str, float], report: Callable[[str], None]) -> None:
        """Note a step's metrics and, when it is time, report those since the last line; time left counts everything."""
        self.recent.append(values)
        if done % self.every and done != self.steps:
            return
        total = {name: sum(line[name] for line in self.recent) for name in values}
        self.recent = []
        elapsed = time.perf_counter() - self.began
        left = timedelta(seconds=round(elapsed / (done - self.start) * (self.steps - done)))
        report(
            f"step {done}/{self.steps}  loss {values['loss']:.3f}"
            f"  rows sent {total['rows_sent'] / max(1, total['rows_routed']):.0%}"
            f"  {total['targets'] / total['seconds']:,.0f} targets/s  {left} left"
        )


def _evaluate(trainer: Trainer, folder: RunFolder, step: int, report: Callable[[str], None]) -> None:
    values = trainer.evaluate()
    trainer.read_meters()  # an evaluation is not part of the next step's traffic
    if not all(map(math.isfinite, values.values())):
        raise FloatingPointError(f"the evaluation after step {step} is not finite: {values}")
    if trainer.rank == 0:
        folder.append({"event": "eval", "step": step, **values})
        report(f"step {step}  held-out " + "  ".join(f"{name} {value:.3f}" for name, value in values.items()))


def summarise(trainer: Trainer, folder: RunFolder, peak_memory: int) -> dict[str, Any]:
    """The summary of a finished run, computed from its metrics."""
    config, lines = trainer.config, folder.read_metrics()
    steps = [line for line in lines if line["event"] == "train"]
    final = [line for line in lines if line["event"] == "eval"][-1]
    total = {name: sum(line[name] for line in steps) for name in (*METERS, *KIND_METERS)}

    def over_steps(name: str, by: float) -> float | None:
        """Nothing is known of steps where there were none."""
        return total[name] / max(1, by) if steps else None

    step_seconds = sum(line["seconds"] for line in steps) / len(steps) if steps else None
    return identity(config) | {
        "steps": len(steps),
        "data": trainer.task.data_record(),
        "starts_from": None if config.task.starts_from is None else config.task.starts_from.model_dump(),
        "route_padding": config.task.route_padding,
        "metric": asdict(trainer.task.metric),
        "final": {name: value for name, value in final.items() if name not in ("event", "step")},
        "baseline": trainer.task.baseline(),
        "rate": over_steps("rows_sent", total["rows_routed"]),
        "rate_schedule": rate_schedule(steps),
        "rows_by_kind": {kind: {"routed": total[f"routed_{kind}"], "sent": total[f"sent_{kind}"]} for kind in KINDS},
        "bytes_per_step": over_steps("bytes", len(steps)),
        "relative_bytes": over_steps("bytes", total["half_precision_bytes"]),
        "mean_step_seconds": step_seconds,
        "peak_memory_bytes": peak_memory,
        "examples_per_second": config.training.batch_examples / step_seconds if step_seconds else None,
    }
