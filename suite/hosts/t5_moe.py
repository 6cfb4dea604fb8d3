"""A T5-style MoE model: T5's objective and shape on fairseq's pre-norm encoder–decoder, MoE layers in both halves.

fairseq has no T5 architecture. This is its ``transformer`` with T5's choices where it offers them: pre-norm, ReLU, one
embedding for source, target and output. Unlike T5, positions are learned and absolute, and layer norms and linear maps
have biases.
"""

from argparse import Namespace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from torch import Tensor

from suite.config.model import TransformerSize
from suite.hosts.model import HostModel
from suite.hosts.placement import MakeLayer, Stream, place_moe_layers
from suite.loading import quiet_import
from suite.tasks.task import TextInputs

if TYPE_CHECKING:
    from fairseq.models.transformer import TransformerModelBase

OBJECTIVES = ("span_corruption",)


class T5MoE(HostModel):
    """fairseq's encoder–decoder, without the extras that its forward pass returns."""

    def __init__(self, host: "TransformerModelBase", streams: dict[str, Stream]) -> None:
        super().__init__(streams)
        self.host = host

    def forward(self, source_BS: Tensor, target_BT: Tensor) -> Tensor:
        """Map the encoder's input, int64 ``[B, S]``, and the decoder's input, int64 ``[B, T]``.

        Returns:
            Logits ``[B, T, vocabulary]`` for the next target token at every position.
        """
        logits_BTV: Tensor = self.host(source_BS, None, target_BT, return_all_hiddens=False)[0]
        return logits_BTV


def build(size: TransformerSize, inputs: TextInputs, make_layer: MakeLayer) -> HostModel:
    """Build the model. Dense weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape, of either half; layers ``moe_every - 1, 2·moe_every - 1, …`` of each get a MoE layer.
        inputs: dictionary, and the longest source or target.
        make_layer: ``(name, width, ffn) -> MoELayer``.
    """
    transformer = quiet_import("fairseq.models.transformer")
    shape = {"embed_dim": size.width, "ffn_embed_dim": size.ffn, "layers": size.layers, "attention_heads": size.heads}
    halves = {
        f"{half}_{name}": value
        for half in ("encoder", "decoder")
        for name, value in (shape | {"normalize_before": True, "learned_pos": True}).items()
    }
    options = transformer.TransformerConfig.from_namespace(
        Namespace(
            **halves,
            decoder_input_dim=size.width,
            decoder_output_dim=size.width,
            activation_fn="relu",
            dropout=size.dropout,
            attention_dropout=size.dropout,
            share_all_embeddings=True,
            max_source_positions=inputs.context,
            max_target_positions=inputs.context,
        )
    )
    task = SimpleNamespace(source_dictionary=inputs.dictionary, target_dictionary=inputs.dictionary)
    host = transformer.TransformerModelBase.build_model(options, task)
    encoder = place_moe_layers("encoder", host.encoder.layers, size, make_layer)
    decoder = place_moe_layers("decoder", host.decoder.layers, size, make_layer)
    return T5MoE(host, {"source": Stream(encoder, time_first=True), "target": Stream(decoder, time_first=True)})
