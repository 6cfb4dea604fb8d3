"""Activations: tensors that autograd saves for the backward pass, counted by shapes, without data.

The host runs its forward pass in torch's FakeTensorMode as on a CPU, as one rank with balanced routing and vanilla MoE
layers. The bytes are affine in examples and in local experts, so three runs with one or two of each give all others.
Other devices save a little more or less (fused attention, bit masks for dropout).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

from lshmoe import moe_layers
from suite.config.run import RunConfig
from suite.costmodel.memory.blueprint import WithoutData, blueprint
from suite.tasks.task import Task, summed_loss


@dataclass(frozen=True)
class Activations:
    """Bytes of activations: ``fixed + per_example · examples + per_expert · local experts``."""

    fixed: float
    per_example: float
    per_expert: float

    def at(self, examples: float, local_experts: float) -> float:
        """Bytes on a rank with ``examples`` per step and ``local_experts`` per layer."""
        return self.fixed + self.per_example * examples + self.per_expert * local_experts


def measure_activations(config: RunConfig, task: Task) -> Activations:
    """Run the host three times without data, and solve for the bytes per example and per local expert."""
    most = config.size.experts
    base = saved_bytes(config, task, examples=1, ranks=most)
    per_example = saved_bytes(config, task, examples=2, ranks=most) - base
    fewer = next(ranks for ranks in range(most - 1, 0, -1) if most % ranks == 0) if most > 1 else 1
    per_expert = (saved_bytes(config, task, examples=1, ranks=fewer) - base) / max(1, most // fewer - 1)
    return Activations(base - per_example - per_expert, per_example, per_expert)


def saved_bytes(config: RunConfig, task: Task, examples: int, ranks: int) -> int:
    """Bytes that autograd keeps for the backward pass of ``examples`` examples on one of ``ranks`` ranks."""
    batch = task.train_batch(0, 0, config.training.batch_examples)
    model = blueprint(config.model.host, config.size, task.inputs, ranks)
    with FakeTensorMode() as shapes, WithoutData():
        inputs = {name: repeated(shapes.from_tensor(value), examples) for name, value in batch.inputs.items()}
        targets = repeated(shapes.from_tensor(batch.targets), examples)
        state = {
            name: torch.empty(value.shape, dtype=value.dtype, requires_grad=value.requires_grad)
            for name, value in (*model.named_parameters(), *model.named_buffers())
        }
        with SavedTensors(state.values()) as saved:
            with torch.autocast("cpu", torch.bfloat16, enabled=config.training.precision == "bfloat16"):
                logits = functional_call(model, state, kwargs=inputs)
            summed_loss(logits, targets)
            torch.stack([layer.balance_loss for layer in moe_layers(model)]).mean()
    return saved.bytes


def repeated(values: Tensor, examples: int) -> Tensor:
    """One example ``[1, …]`` as a batch of ``examples``."""
    return values.expand(examples, *values.shape[1:]).contiguous()


class SavedTensors:
    """Counts the bytes that autograd saves within a context: each storage once, parameters left out."""

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        self._parameters = {p.untyped_storage()._cdata for p in parameters}
        self._storages: dict[int, torch.UntypedStorage] = {}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._see, lambda tensor: tensor)

    def __enter__(self) -> "SavedTensors":
        self._hooks.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._hooks.__exit__(*error)

    @property
    def bytes(self) -> int:
        """Bytes saved so far."""
        return sum(storage.nbytes() for storage in self._storages.values())

    def _see(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._parameters:
            self._storages[storage._cdata] = storage  # kept alive, so that its address is not reused
        return tensor
