"""One training step, one evaluation, and the meters that are read after them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

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
from suite.cluster.member import Member
from suite.config.run import RunConfig
from suite.config.seeds import model_seed
from suite.hosts.model import HostModel
from suite.loading import load_object
from suite.tasks.task import Batch, Task, summed_loss
from suite.training.kind_meter import KIND_METERS, KindMeter, announce
from suite.training.learning_rate import learning_rate
from suite.training.methods import method_layer_factory
from suite.training.rate_control import RateControl
from suite.training.target import target_of

METERS = (
    "rows_routed",
    "rows_sent",
    "bytes",
    "remote_bytes",
    "inter_server_bytes",
    "all_to_all_seconds",
    "half_precision_bytes",
)
# Training batches whose rows settings are chosen on.
CAPTURED_BATCHES = 2
# Written to a metrics line as integers.
COUNTS = (*(name for name in METERS if "seconds" not in name), *KIND_METERS, "targets")


def build_model(config: RunConfig, task: Task, member: Member) -> HostModel:
    """The run's host with its MoE layers; the same weights on every rank and for every world size."""
    torch.manual_seed(model_seed(config.root_seed("model")))
    build = load_object("model.host", f"{config.model.host}.build")
    model: HostModel = build(config.size, task.inputs, method_layer_factory(config, member))
    return model.to(member.device)


def half_precision_bytes(layer: MoELayer) -> float:
    """Bytes of the rows routed since the last reset, uncompressed on a 16-bit wire, in all four all-to-alls."""
    per_row = NativeWire("bfloat16").bytes_per_row(layer.dim, torch.float32)
    return 4 * layer.traffic.rows_routed * per_row  # dispatch and combine, forward and backward


@dataclass
class Trainer:
    """A model with its optimizer, data parallelism and meters. ``step(n)`` trains on global batch ``n`` (from 0)."""

    config: RunConfig
    task: Task
    model: HostModel
    device: torch.device
    kinds: bool = True  # whether rows are counted by kind, at a small cost

    def __post_init__(self) -> None:
        options = self.config.training.optimizer
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            options.learning_rate,
            options.betas,
            options.epsilon,
            options.weight_decay,
            fused=True,
        )
        self.parallel = data_parallel(self.model)
        self.layers = moe_layers(self.model)
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.kind_meters = [KindMeter() for _ in self.layers if self.kinds]
        for layer, meter in zip(self.layers, self.kind_meters, strict=False):
            layer.observers.append(meter)
        # Dropout uses torch's global generator and must differ between ranks.
        torch.manual_seed(derive_seed(model_seed(self.config.root_seed("model")), "dropout", self.rank))

    def step(self, number: int) -> dict[str, Tensor]:
        """Forward, backward, clip, update.

        The only host sync is reading the row counts that an all-to-all needs, so the losses stay on the device.
        Call :meth:`check_finite` once they have been read.

        Args:
            number: of the step, from 0.

        Returns:
            Scalars: ``loss`` in nats and ``balance_loss``, whose means over ranks are those of the global batch, and
            ``targets``, the number of targets on this rank.
        """
        training = self.config.training
        batch = self.task.train_batch(number, self.rank, self.world).to(self.device)
        total, targets = summed_loss(self._logits(self.parallel, batch), batch.targets)
        # Ranks may hold different numbers of targets. Every target of the global batch has the same weight.
        mean_targets = targets.to(total.dtype)
        if self.world > 1:
            dist.all_reduce(mean_targets)
        loss = total / (mean_targets / self.world)
        balance = torch.stack([layer.balance_loss for layer in self.layers]).mean()
        (loss + training.balance_weight * balance).backward()
        clip_grad_norm(self.model, training.optimizer.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(training.optimizer, number, training.steps)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": loss.detach(), "balance_loss": balance.detach(), "targets": targets}

    @torch.no_grad()
    def look(self) -> None:
        """Forward passes on the first training batches, as in training but without a step. Collective."""
        for number in range(CAPTURED_BATCHES):
            self._logits(self.model, self.task.train_batch(number, self.rank, self.world).to(self.device))

    def rate_control(self) -> RateControl | None:
        """A controller for the method's target, whose state becomes part of the model's; ``None`` without a target."""
        target = target_of(self.config, self.layers)
        if target is None:
            return None
        control = RateControl(self.layers, target).to(self.device)
        self.model.add_module("rate_control", control)
        return control

    def check_finite(self, loss: float, number: int) -> None:
        """If a step's loss is not finite, find the first MoE layer with non-finite rows. Collective.

        Args:
            loss: mean over ranks, equal on all of them.
            number: of the step, from 1.

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

    def evaluate(self, final: bool = False) -> dict[str, float]:
        """Held-out quality with the method, and with exact dispatch (``exact_…``): every row is sent, unencoded."""
        on = self.task.evaluate(self._predict, self.rank, self.world, final=final)
        if self.config.method.reduction is None and self.config.method.wire is None:
            return on | {f"exact_{name}": value for name, value in on.items()}
        with exact_dispatch(self.model):
            exact = self.task.evaluate(self._predict, self.rank, self.world, final=final)
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
        """Traffic of all layers on this rank since the last reading, by meter. Resets the meters."""
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
        """The maximum over ranks. Collective."""
        tensor = torch.tensor(value, dtype=torch.int64, device=self.device)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return int(tensor)

    def reduce(self, values: Mapping[str, float | Tensor], means: tuple[str, ...] = ()) -> dict[str, float]:
        """Sum over ranks, or the mean for those named in ``means``. Counts become integers. Collective."""
        tensor = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        reduced = dict(zip(values, tensor.tolist(), strict=True))
        for name in means:
            reduced[name] /= self.world
        return {name: int(value) if name in COUNTS else value for name, value in reduced.items()}
