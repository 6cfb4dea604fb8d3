"""Host models, one file each: ``build(size, dictionary, context, make_layer) -> nn.Module``."""

from typing import Any

import torch
from torch import nn
from torch.distributed import ProcessGroup

from suite.loading import load_object
from suite.methods import method_layer_factory
from suite.schema import RunConfig
from suite.seeds import model_seed


def build_model(config: RunConfig, dictionary: Any, group: ProcessGroup | None = None) -> nn.Module:
    """Build the run's model on the CPU; its weights depend on the root seed alone, not on rank or world size.

    The state of torch's global generator is left as it was.

    Raises:
        UserError: if the host module cannot be loaded, or the method cannot be built.
    """
    build = load_object("model.host", f"{config.model.host}.build")
    make_layer = method_layer_factory(config, group)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(model_seed(config.seed))
        return build(config.size, dictionary, config.training.context, make_layer)
