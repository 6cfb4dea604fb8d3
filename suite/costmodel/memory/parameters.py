"""Counts a model's parameters by kind."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from torch import nn

from lshmoe import MoELayer, is_expert
from lshmoe.gate import TopKGate


@dataclass(frozen=True)
class Parameters:
    """Number of parameters by kind. Tied parameters count once.

    Attributes:
        experts: matrices of experts.
        expert_biases: their biases.
        gates: of MoE layers.
        attention: matrices of attention blocks.
        ffn: matrices of dense feed-forward networks.
        embeddings: of symbols and positions; an output layer tied to them is one of them.
        vectors: biases and norms outside experts.
        other: heads, convolutions, projections between stages.
    """

    experts: int = 0
    expert_biases: int = 0
    gates: int = 0
    attention: int = 0
    ffn: int = 0
    embeddings: int = 0
    vectors: int = 0
    other: int = 0

    @property
    def sharded(self) -> int:
        """Parameters that are on one rank only."""
        return self.experts + self.expert_biases

    @property
    def total(self) -> int:
        """All of them."""
        return sum(getattr(self, field.name) for field in fields(self))


def count(model: nn.Module, dense_stacks: Collection[str] = ()) -> Parameters:
    """Count a model's parameters by kind.

    Args:
        model: on any device, the meta device too.
        dense_stacks: MoE layers whose name starts with one of these (``"decoder."``) are counted as the dense
            feed-forward networks that they replaced, which have the shape of one expert.
    """
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    gates = {id(module.weight) for module in model.modules() if isinstance(module, TopKGate)}
    kinds = dict.fromkeys((field.name for field in fields(Parameters)), 0)
    for name, parameter in model.named_parameters():
        if is_expert(parameter):
            kind = "experts" if parameter.dim() == 3 else "expert_biases"
        elif id(parameter) in gates:
            kind = "gates"
        elif id(parameter) in embeddings:
            kind = "embeddings"
        elif parameter.dim() < 2:
            kind = "vectors"
        elif "attn" in name:
            kind = "attention"
        else:
            kind = "ffn" if any(part in name for part in (".fc1.", ".fc2.", ".mlp.")) else "other"
        kinds[kind] += parameter.numel()
    counted = Parameters(**kinds)
    for layer in model.modules():
        if isinstance(layer, MoELayer) and layer.name.startswith(tuple(dense_stacks)):
            counted = _without(counted, layer)
    return counted


def _without(counted: Parameters, layer: MoELayer) -> Parameters:
    """The count with one dense feed-forward network in place of ``layer``, a layer with all its experts."""
    matrices = layer.experts.w1_LDF.numel() + layer.experts.w2_LFD.numel()
    biases = layer.experts.b1_LF.numel() + layer.experts.b2_LD.numel()
    return replace(
        counted,
        experts=counted.experts - matrices,
        expert_biases=counted.expert_biases - biases,
        gates=counted.gates - layer.gate.weight.numel(),
        ffn=counted.ffn + matrices // layer.num_experts,
        vectors=counted.vectors + biases // layer.num_experts,
    )
