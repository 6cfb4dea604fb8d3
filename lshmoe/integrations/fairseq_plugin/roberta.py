"""``--arch moe_roberta``: fairseq's RoBERTa with MoE layers."""

from argparse import ArgumentParser
from typing import Any

from fairseq.dataclass.utils import gen_parser_from_dataclass
from fairseq.models import register_model, register_model_architecture
from fairseq.models.roberta import RobertaModel
from fairseq.models.roberta.model import base_architecture

from .guards import refuse_unsupported
from .layers import insert_moe_layers, watch
from .options import MoEOptions


@register_model("moe_roberta")
class MoERobertaModel(RobertaModel):  # type: ignore[misc]
    """``roberta`` whose every ``moe_every``-th layer has experts."""

    @staticmethod
    def add_args(parser: ArgumentParser) -> None:
        """Add the options of ``roberta`` and the MoE layers'."""
        RobertaModel.add_args(parser)
        gen_parser_from_dataclass(parser, MoEOptions())

    @classmethod
    def build_model(cls, args: Any, task: Any) -> "MoERobertaModel":
        """Build the dense model, then swap feed-forward networks.

        Raises:
            ValueError: if an option does not go with MoE layers, or is out of range.
        """
        refuse_unsupported(args, "encoder", task)
        model: MoERobertaModel = super().build_model(args, task)
        insert_moe_layers(model.encoder.sentence_encoder.layers, args, "encoder")
        watch(model, args)
        return model


register_model_architecture("moe_roberta", "moe_roberta")(base_architecture)
