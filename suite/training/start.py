"""What a run's weights are before its first step."""

from collections.abc import Callable

from torch import nn

from suite.config.run import RunConfig
from suite.config.seeds import model_seed
from suite.config.task import StartsFromWeights
from suite.data.fetch import cache_directory
from suite.data.pretrained import trained_model
from suite.training import checkpoint
from suite.training.check import of_host, starting_point

# Fills a model and returns the names of the parameters that stay as they were drawn.
Fill = Callable[[nn.Module], list[str]]


def start_of(config: RunConfig) -> Fill | None:
    """How a run's model gets its first weights; ``None`` if they stay as they were drawn.

    Raises:
        UserError: if the weights are not there, or the model has no way to take them.
    """
    start = config.task.starts_from
    if isinstance(start, StartsFromWeights):
        return _trained(config, start)
    earlier = starting_point(config)
    if earlier is None:
        return None
    return lambda model: checkpoint.load_weights(earlier.checkpoints, model).missing


def _trained(config: RunConfig, start: StartsFromWeights) -> Fill:
    load = of_host(config, "load_weights")
    tensors, seed = trained_model(start.weights, cache_directory()).tensors, model_seed(config.root_seed("model"))

    def fill(model: nn.Module) -> list[str]:
        from safetensors.torch import load_file

        missing: list[str] = load(model, load_file(tensors), start.expert_noise, seed)
        return missing

    return fill
