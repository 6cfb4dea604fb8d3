"""``--arch moe_transformer_lm``: fairseq's language model with MoE layers."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from fairseq.models import register_model
from fairseq.models.transformer_lm import TransformerLanguageModel, TransformerLanguageModelConfig

from .guards import refuse_unsupported
from .layers import insert_moe_layers, watch
from .options import MoEOptions


@dataclass
class MoETransformerLanguageModelConfig(MoEOptions, TransformerLanguageModelConfig):  # type: ignore[misc]
    """Options of ``transformer_lm`` and the MoE layers'."""


@register_model("moe_transformer_lm", dataclass=MoETransformerLanguageModelConfig)
class MoETransformerLanguageModel(TransformerLanguageModel):  # type: ignore[misc]
    """``transformer_lm`` whose every ``moe_every``-th layer has experts."""

    @classmethod
    def build_model(cls, args: Any, task: Any) -> "MoETransformerLanguageModel":
        """Build the dense model, then swap feed-forward networks.

        Raises:
            ValueError: if an option does not go with MoE layers, or is out of range.
        """
        refuse_unsupported(args, "decoder", task)
        dense = copy(args)
        dense.base_layers = 0  # the decoder would insert fairseq's own BASE layers
        model: MoETransformerLanguageModel = super().build_model(dense, task)
        insert_moe_layers(model.decoder.layers, args, "decoder")
        watch(model, args)
        return model
