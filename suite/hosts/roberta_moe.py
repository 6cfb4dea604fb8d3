"""RoBERTa-MoE: fairseq's RoBERTa, a bidirectional post-norm encoder, with MoE layers in place of FFNs (Table 1)."""

from argparse import Namespace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from suite.config.model import TransformerSize
from suite.hosts.model import HostModel
from suite.hosts.placement import MakeLayer, Stream, place_moe_layers
from suite.loading import quiet_import
from suite.tasks.task import TextInputs

if TYPE_CHECKING:
    from fairseq.models.roberta import RobertaModel

OBJECTIVES = ("masked_lm", "classification")
_HEAD = "sequence"


class RobertaMoE(HostModel):
    """fairseq's RoBERTa with one head: for hidden tokens, or for whole sequences."""

    def __init__(self, host: "RobertaModel", streams: dict[str, Stream], classes: int | None) -> None:
        super().__init__(streams)
        self.host = host
        if classes is not None:
            host.register_classification_head(_HEAD, classes)
            host.encoder.lm_head = nn.Identity()  # data parallelism fails on unused parameters

    def forward(self, tokens_BT: Tensor, places_BM: Tensor | None = None) -> Tensor:
        """Map tokens, int64 ``[B, T]``, ``<s>`` first and padding last, to logits.

        Args:
            tokens_BT: the tokens, some of them replaced by ``<mask>``.
            places_BM: int64 ``[B, M]``, positions to predict; ``None`` for a classifier.

        Returns:
            ``[B, M, vocabulary]`` for the tokens at those positions, or ``[B, classes]`` from each sequence's ``<s>``.
        """
        features_BTD: Tensor = self.host.encoder.extract_features(tokens_BT)[0]
        if places_BM is None:
            logits_BC: Tensor = self.host.classification_heads[_HEAD](features_BTD)
            return logits_BC
        logits_BMV: Tensor = self.host.encoder.lm_head(features_BTD.take_along_dim(places_BM.unsqueeze(-1), 1))
        return logits_BMV


def build(size: TransformerSize, inputs: TextInputs, make_layer: MakeLayer) -> HostModel:
    """Build the model. Dense weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape; layers ``moe_every - 1, 2·moe_every - 1, …`` get a MoE layer.
        inputs: dictionary and longest sequence; with classes, a classifier takes the place of the output layer.
        make_layer: ``(name, width, ffn) -> MoELayer``.
    """
    roberta = quiet_import("fairseq.models.roberta")
    options = Namespace(
        dropout=size.dropout,
        attention_dropout=size.dropout,
        encoder_embed_dim=size.width,
        encoder_ffn_embed_dim=size.ffn,
        encoder_layers=size.layers,
        encoder_attention_heads=size.heads,
        max_positions=inputs.context,
    )
    host = roberta.RobertaModel.build_model(options, SimpleNamespace(source_dictionary=inputs.dictionary))
    layers = place_moe_layers("encoder", host.encoder.sentence_encoder.layers, size, make_layer)
    return RobertaMoE(host, {"tokens": Stream(layers, time_first=True)}, inputs.classes)
