"""One rank's model as shapes only: it needs no memory, no weights and no process group."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor, unset_fake_temporarily
from torch.overrides import TorchFunctionMode

from lshmoe import Exchange, MoELayer
from lshmoe.exchange import Received
from suite.config.model import ModelSize
from suite.hosts.model import HostModel
from suite.loading import load_object
from suite.tasks.task import ImageInputs, TextInputs


class LoneRank(Exchange):
    """The exchange of rank 0 among ``world_size`` imaginary ranks, with balanced routing.

    The rank holds its share of experts and receives as many rows as it sends, equally many per expert.
    """

    def __init__(self, world_size: int) -> None:
        super().__init__()
        self.world_size, self.rank = world_size, 0

    def __call__(self, rows_CD: Tensor, counts_E: Tensor) -> Received:
        """Pass the rows to this rank's experts as if they came from all ranks."""
        local, rows = counts_E.shape[0] // self.world_size, rows_CD.shape[0]
        with unset_fake_temporarily():  # counts need values, even if all other tensors have none
            counts_L = torch.tensor([rows * (i + 1) // local - rows * i // local for i in range(local)])
        return Received(rows_CD, counts_L, lambda outputs_SD: outputs_SD)


@contextmanager
def as_shapes() -> Iterator[None]:
    """Tensors made in this context are on the meta device: they have shapes and no data."""
    with torch.device("meta"), WithoutData():
        yield


class WithoutData(TorchFunctionMode):
    """Answers calls that need the data of a tensor without data.

    A host that looks for padding or infinities finds none. Weights that a host moves to the CPU stay on their device.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _ANSWERS and (args[0].is_meta or isinstance(args[0], FakeTensor)):
            return _ANSWERS[func](*args, **kwargs)
        return func(*args, **kwargs)


_ANSWERS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.Tensor.__bool__: lambda tensor: False,
    torch.Tensor.cpu: lambda tensor: tensor,
}


def blueprint(host: str, size: ModelSize, inputs: TextInputs | ImageInputs, ranks: int = 1) -> HostModel:
    """Build a host with vanilla MoE layers as rank 0 of ``ranks`` has it, on the meta device.

    Args:
        host: the module with the host's ``build``.
        size: the model's shape.
        inputs: what the host must know of its task.
        ranks: a divisor of the number of experts.
    """

    def make_layer(name: str, dim: int, hidden: int) -> MoELayer:
        return MoELayer(dim, hidden, size.experts, size.top_k, exchange=LoneRank(ranks), name=name)

    build = load_object("model.host", f"{host}.build")
    if "pretrained" in type(size).model_fields:  # shapes need no trained weights
        size = size.model_copy(update={"pretrained": None})
    with as_shapes():
        model: HostModel = build(size, inputs, make_layer)
    return model
