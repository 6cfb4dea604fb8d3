"""GPT-MoE: fairseq's decoder-only transformer with MoE layers in place of FFNs (Table 1: in every other layer)."""

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
    from fairseq.models.transformer_lm import TransformerLanguageModel

OBJECTIVES = ("causal_lm", "classification")


class GPTMoE(HostModel):
    """fairseq's language model, without the extras that its forward pass returns."""

    def __init__(self, host: "TransformerLanguageModel", streams: dict[str, Stream], classes: int | None) -> None:
        super().__init__(streams)
        self.host = host
        self.padding: int = host.decoder.padding_idx
        width = host.decoder.output_embed_dim
        self.classifier = None if classes is None else nn.Linear(width, classes)

    def forward(self, tokens_BT: Tensor) -> Tensor:
        """Map tokens, int64 ``[B, T]``, padded on the right, to logits.

        Returns:
            ``[B, T, vocabulary]`` for the next token, or ``[B, classes]`` from the last token of each sequence.
        """
        if self.classifier is None:
            logits_BTV: Tensor = self.host(tokens_BT)[0]
            return logits_BTV
        features_BTD = self.host.decoder(tokens_BT, features_only=True)[0]
        last_B = (tokens_BT != self.padding).sum(1) - 1
        logits_BC: Tensor = self.classifier(features_BTD[last_B.new_tensor(range(len(last_B))), last_B])
        return logits_BC


def build(size: TransformerSize, inputs: TextInputs, make_layer: MakeLayer) -> HostModel:
    """Build the model. Dense weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape; layers ``moe_every - 1, 2·moe_every - 1, …`` get a MoE layer.
        inputs: dictionary and longest sequence; with classes, a classifier takes the place of the output layer.
        make_layer: ``(name, width, ffn) -> MoELayer``.
    """
    transformer_lm = quiet_import("fairseq.models.transformer_lm")
    options = vars(transformer_lm.TransformerLanguageModelConfig()) | {
        "activation_fn": "gelu",
        "dropout": size.dropout,
        "attention_dropout": size.dropout,
        "decoder_embed_dim": size.width,
        "decoder_input_dim": size.width,
        "decoder_output_dim": size.width,
        "decoder_ffn_embed_dim": size.ffn,
        "decoder_layers": size.layers,
        "decoder_attention_heads": size.heads,
        "decoder_normalize_before": True,
        "decoder_learned_pos": True,
        "share_decoder_input_output_embed": True,
        "add_bos_token": False,
        "tokens_per_sample": inputs.context,
        "max_target_positions": inputs.context,
        "tpu": False,
    }
    task = SimpleNamespace(source_dictionary=inputs.dictionary, target_dictionary=inputs.dictionary)
    host = transformer_lm.TransformerLanguageModel.build_model(Namespace(**options), task)
    layers = place_moe_layers("decoder", host.decoder.layers, size, make_layer)
    return GPTMoE(host, {"tokens": Stream(layers, time_first=True)}, inputs.classes)
