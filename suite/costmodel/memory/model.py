"""Memory of one rank in training, from shapes. It has not been compared with a GPU yet."""

from dataclasses import dataclass

from lshmoe import is_expert
from suite.config.run import RunConfig
from suite.costmodel.memory.activations import measure_activations
from suite.costmodel.memory.blueprint import blueprint
from suite.tasks import build_task

FLOAT32 = 4  # bytes; of weights, gradients and moments at any precision


@dataclass(frozen=True)
class RankMemory:
    """Bytes on one rank.

    Fragmentation, communication libraries, kernel workspaces and temporaries of the backward pass are not included.

    Attributes:
        dense: replicated weights.
        experts: weights of local experts.
        gradients: of both.
        buckets: the copy of dense gradients that DistributedDataParallel averages; none on a single rank.
        optimizer: Adam's two moments.
        step: temporaries of Adam's step on a GPU, which updates all weights at once; activations are gone by then.
        activations: tensors kept for the backward pass, 16-bit copies of weights under autocast included.
    """

    dense: float
    experts: float
    gradients: float
    buckets: float
    optimizer: float
    step: float
    activations: float

    @property
    def total(self) -> float:
        """The peak: between forward and backward, or in Adam's step."""
        lasting = self.dense + self.experts + self.gradients + self.buckets + self.optimizer
        return lasting + max(self.activations, self.step)


class MemoryModel:
    """A run's memory per rank for any number of ranks, built once.

    Raises:
        UserError: if the task has no made-up examples and its data are not prepared.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        task = build_task(config)
        task.make_up_data()
        parameters = list(blueprint(config.model.host, config.size, task.inputs).parameters())
        self.expert_parameters = sum(p.numel() for p in parameters if is_expert(p))
        self.dense_parameters = sum(p.numel() for p in parameters) - self.expert_parameters
        self.activations = measure_activations(config, task)

    def at(self, ranks: int) -> RankMemory:
        """Memory of one of ``ranks``, which divide experts and examples evenly."""
        dense, experts = FLOAT32 * self.dense_parameters, FLOAT32 * self.expert_parameters / ranks
        examples = self.config.training.batch_examples / ranks
        return RankMemory(
            dense=dense,
            experts=experts,
            gradients=dense + experts,
            buckets=dense if ranks > 1 else 0,
            optimizer=2 * (dense + experts),
            step=dense + experts,
            activations=self.activations.at(examples, self.config.size.experts / ranks),
        )
