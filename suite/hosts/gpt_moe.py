"""GPT-MoE: fairseq's decoder-only transformer with MoE layers in place of FFNs (Table 1: in every other layer)."""

from argparse import Namespace
from types import SimpleNamespace
from typing import Any

from torch import Tensor, nn

from lshmoe.integrations.surgery import replace_ffn
from suite.methods import MakeLayer
from suite.quiet import quiet_import
from suite.schema import ModelSize


class GPTMoE(nn.Module):
    """fairseq's language model, without the extras that its forward pass returns."""

    def __init__(self, host: nn.Module) -> None:
        super().__init__()
        self.host = host

    def forward(self, tokens_BT: Tensor) -> Tensor:
        """Map tokens, int64 ``[B, T]``, to logits for the next token ``[B, T, vocabulary]``."""
        logits_BTV: Tensor = self.host(tokens_BT)[0]
        return logits_BTV


def build(size: ModelSize, dictionary: Any, context: int, make_layer: MakeLayer) -> nn.Module:
    """Build the model; weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape; layers ``moe_every - 1, 2·moe_every - 1, …`` get a MoE layer.
        dictionary: a fairseq Dictionary.
        context: longest sequence, in tokens.
        make_layer: ``(layer, width, ffn) -> MoELayer``.
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
        "tokens_per_sample": context,
        "max_target_positions": context,
        "tpu": False,
    }
    task = SimpleNamespace(source_dictionary=dictionary, target_dictionary=dictionary)
    host = transformer_lm.TransformerLanguageModel.build_model(Namespace(**options), task)
    for index in range(size.moe_every - 1, size.layers, size.moe_every):
        replace_ffn(host.decoder.layers[index], make_layer(index, size.width, size.ffn))
    return GPTMoE(host)
