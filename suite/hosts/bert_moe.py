"""BERT-MoE: transformers' BERT, a bidirectional post-norm encoder, with MoE layers in place of FFNs.

It is made to start from a trained dense BERT, whose feed-forward networks become experts ("up-cycling").
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from lshmoe import MoELayer, derive_seed
from lshmoe.integrations.surgery import replace_ffn
from suite.config.model import TransformerSize
from suite.errors import UserError
from suite.hosts.model import HostModel
from suite.hosts.placement import MakeLayer, Stream
from suite.tasks.task import TextInputs

OBJECTIVES = ("wordpiece_classification",)
# Of a checkpoint, what no classifier of sequences needs.
_UNUSED = re.compile(r"pooler\.|cls\.|embeddings\.position_ids$")
_PARTS, _KINDS = ("intermediate", "output"), ("weight", "bias")


class BertMoE(HostModel):
    """transformers' BERT with a classifier on the mean of all tokens but padding."""

    def __init__(self, host: BertModel, streams: dict[str, Stream], padding: int, width: int, classes: int) -> None:
        super().__init__(streams)
        self.host = host
        self.padding = padding
        self.classifier = nn.Linear(width, classes)

    def features(self, tokens_BT: Tensor, types_BT: Tensor) -> Tensor:
        """Map tokens and their types, int64 ``[B, T]``, to features of the last layer, ``[B, T, D]``."""
        mask_BT = (tokens_BT != self.padding).long()
        features_BTD: Tensor = self.host(tokens_BT, attention_mask=mask_BT, token_type_ids=types_BT).last_hidden_state
        return features_BTD

    def forward(self, tokens_BT: Tensor, types_BT: Tensor) -> Tensor:
        """Map tokens and their types, int64 ``[B, T]``, padding last, to logits ``[B, classes]``."""
        present_BT1 = (tokens_BT != self.padding).unsqueeze(-1)
        summed_BD = (self.features(tokens_BT, types_BT) * present_BT1).sum(1)
        logits_BC: Tensor = self.classifier(summed_BD / present_BT1.sum(1))
        return logits_BC


def build(size: TransformerSize, inputs: TextInputs, make_layer: MakeLayer) -> BertMoE:
    """Build the model; weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape; layers ``moe_every - 1, 2·moe_every - 1, …`` get a MoE layer.
        inputs: WordPiece symbols, longest sequence and number of classes.
        make_layer: ``(name, width, ffn) -> MoELayer``.
    """
    config = BertConfig(
        vocab_size=len(inputs.dictionary),
        hidden_size=size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=size.ffn,
        hidden_dropout_prob=size.dropout,
        attention_probs_dropout_prob=size.dropout,
        max_position_embeddings=inputs.context,
        pad_token_id=inputs.dictionary.pad(),
    )
    host = BertModel(config, add_pooling_layer=False)
    layers = []
    for index in range(size.moe_every - 1, size.layers, size.moe_every):
        layers.append(make_layer(f"encoder.{index}", size.width, size.ffn))
        replace_ffn(host.encoder.layer[index], layers[-1])
    assert inputs.classes is not None
    streams = {"tokens": Stream(layers, time_first=False)}
    return BertMoE(host, streams, inputs.dictionary.pad(), size.width, inputs.classes)


def check_weights(config: Mapping[str, Any], size: TransformerSize, inputs: TextInputs) -> None:
    """Check that a trained model computes what this one does, beyond what shapes of tensors tell.

    Args:
        config: its ``config.json``.
        size: of the model that is to start from it.
        inputs: of that model's task.

    Raises:
        UserError: the first field that differs.
    """
    wanted = {
        "model_type": "bert",
        "hidden_size": size.width,
        "intermediate_size": size.ffn,
        "num_attention_heads": size.heads,
        "max_position_embeddings": inputs.context,
        "vocab_size": len(inputs.dictionary),
        "hidden_act": "gelu",
    }
    for field, value in wanted.items():
        if config.get(field) != value:
            raise UserError(f"starts_from.weights: config.json has {field}={config.get(field)!r}; expected {value!r}")
    layers = config.get("num_hidden_layers", 0)
    if layers < size.layers:
        raise UserError(
            f"starts_from.weights: config.json has num_hidden_layers={layers}; expected {size.layers} or more"
        )


@torch.no_grad()
def load_weights(model: BertMoE, tensors: Mapping[str, Tensor], expert_noise: float, seed: int) -> list[str]:
    """Fill the model from a dense BERT's checkpoint; its FFNs become all experts of the MoE layer in their place.

    With top-k weights that add up to 1, equal experts make the MoE layer compute what the dense FFN did. A model of
    fewer layers takes the first ones.

    Args:
        model: made by :func:`build`.
        tensors: the checkpoint, with or without the prefix ``bert.``.
        expert_noise: normal noise added to each expert's matrices, in units of the matrix' own standard deviation.
        seed: of that noise, which depends on the expert's global number alone.

    Returns:
        Names of the parameters that the checkpoint does not have: gates, and the classifier.

    Raises:
        UserError: a tensor that is missing, unknown or of another shape, by name.
    """
    dense = {name.removeprefix("bert."): value for name, value in tensors.items()}
    dense = {name: value for name, value in dense.items() if not _UNUSED.match(name)}
    layers = {int(layer.name.removeprefix("encoder.")): layer for layer in model.streams["tokens"].layers}
    depth = len(model.host.encoder.layer)
    targets = {name: value for name, value in model.host.named_parameters() if ".experts." not in name}
    expected = targets.keys() | {_ffn(index, part, kind) for index in layers for part in _PARTS for kind in _KINDS}
    filled: set[str] = set()
    for name, value in dense.items():
        found = re.match(r"encoder\.layer\.(\d+)\.", name)
        if found and int(found.group(1)) >= depth:
            continue
        if name not in expected:
            raise UserError(f"starts_from.weights: {name} is unknown to this model; expected a BERT encoder's weights")
        filled.add(name)
        if name in targets:
            _copy(name, targets[name], value)
        else:
            index, part = name.split(".")[2:4]
            _fill_experts(layers[int(index)], name, part, value, expert_noise, seed)
    gates = sorted(name for name in targets if name.endswith("gate.weight"))
    if missing := sorted(expected - filled - set(gates)):
        raise UserError(f"starts_from.weights: the checkpoint lacks {', '.join(missing[:3])}")
    return [
        *(f"host.{name}" for name in gates),
        *(f"classifier.{name}" for name, _ in model.classifier.named_parameters()),
    ]


def _ffn(index: int, part: str, kind: str) -> str:
    """Name of a tensor of a dense feed-forward network."""
    return f"encoder.layer.{index}.{part}.dense.{kind}"


def _fill_experts(layer: MoELayer, name: str, part: str, value: Tensor, noise: float, seed: int) -> None:
    experts = layer.experts
    first, second = (experts.w1_LDF, experts.b1_LF), (experts.w2_LFD, experts.b2_LD)
    weight, bias = first if part == "intermediate" else second
    if value.dim() == 1:
        for target in bias:
            _copy(name, target, value)
        return
    local = len(weight)
    for number, target in enumerate(weight):
        _copy(name, target, value.T)
        if noise:
            own = derive_seed(seed, layer.name, part, layer.exchange.rank * local + number)
            drawn = torch.randn(target.shape, generator=torch.Generator().manual_seed(own))
            target += noise * value.std() * drawn.to(target)


def _copy(name: str, target: Tensor, value: Tensor) -> None:
    if target.shape != value.shape:
        raise UserError(
            f"starts_from.weights: {name} has the shape {list(value.shape)}; this model's is {list(target.shape)}"
        )
    target.copy_(value)
