"""fairseq's language model with MoE layers in place of some feed-forward networks."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from fairseq.dataclass import ChoiceEnum
from fairseq.models import register_model
from fairseq.models.transformer_lm import TransformerLanguageModel, TransformerLanguageModelConfig

from lshmoe import MoELayer, Reduction, derive_seed, lsh_reduction
from lshmoe.integrations.surgery import replace_ffn

METHODS = ["vanilla", "lsh", "lsh_no_compensation"]


@dataclass
class MoETransformerLanguageModelConfig(TransformerLanguageModelConfig):  # type: ignore[misc]
    """Options of ``--arch moe_transformer_lm``: those of ``transformer_lm`` and the MoE layers'."""

    # The trainer reads this as "ranks hold different parameters" and writes one checkpoint per rank.
    base_layers: int = field(default=1, metadata={"help": "leave at 1: one checkpoint per rank"})
    moe_method: ChoiceEnum(METHODS) = field(  # type: ignore[valid-type]
        default="lsh", metadata={"help": "which rows MoE layers send"}
    )
    moe_experts: int = field(default=8, metadata={"help": "experts per MoE layer, over all ranks"})
    moe_top_k: int = field(default=2, metadata={"help": "experts per token"})
    moe_every: int = field(default=2, metadata={"help": "every how many layers the FFN is a MoE layer"})
    moe_hashes: int = field(default=6, metadata={"help": "hash functions of the lsh methods"})
    moe_seed: int = field(default=0, metadata={"help": "draws gates, experts and hash functions"})


@register_model("moe_transformer_lm", dataclass=MoETransformerLanguageModelConfig)
class MoETransformerLanguageModel(TransformerLanguageModel):  # type: ignore[misc]
    """``transformer_lm`` whose every ``moe_every``-th layer has experts."""

    @classmethod
    def build_model(cls, args: Any, task: Any) -> "MoETransformerLanguageModel":
        """Build the dense model, then swap feed-forward networks.

        Raises:
            ValueError: if an option does not go with MoE layers, or is out of range.
        """
        _refuse_unsupported(args)
        dense = copy(args)
        dense.base_layers = 0  # the decoder would insert fairseq's own BASE layers
        model: MoETransformerLanguageModel = super().build_model(dense, task)
        for index, block in enumerate(model.decoder.layers):
            if (index + 1) % args.moe_every == 0:
                replace_ffn(block, _moe_layer(args, index))
        return model


def _moe_layer(args: Any, index: int) -> MoELayer:
    return MoELayer(
        args.decoder_embed_dim,
        args.decoder_ffn_embed_dim,
        args.moe_experts,
        top_k=args.moe_top_k,
        reduction=_reduction(args, index),
        seed=derive_seed(args.moe_seed, "model", index),
        activation=str(args.activation_fn),
        check_finite=True,
        name=f"decoder.{index}",
    )


def _reduction(args: Any, index: int) -> Reduction | None:
    method = str(args.moe_method)
    if method == "vanilla":
        return None
    return lsh_reduction(
        args.decoder_embed_dim,
        derive_seed(args.moe_seed, "hash", index),
        num_hashes=args.moe_hashes,
        error_compensation=method == "lsh",
    )


def _refuse_unsupported(args: Any) -> None:
    if not 1 <= args.moe_every <= args.decoder_layers:
        raise ValueError(f"moe_every: must be in 1..decoder_layers ({args.decoder_layers}), got {args.moe_every}")
    if args.base_layers != 1:
        raise ValueError(f"base_layers: must be 1, so that each rank saves its experts, got {args.base_layers}")
    # Skipped layers have no balance loss, recomputed ones no gradient of it; scale_fc normalises the hidden width.
    for option in ("decoder_layerdrop", "checkpoint_activations", "offload_activations", "scale_fc"):
        if getattr(args, option):
            raise ValueError(f"{option}: does not go with MoE layers; leave it off")
