"""Options of the MoE layers, the same for every architecture."""

from dataclasses import dataclass, field
from typing import Any, Literal

from fairseq.dataclass import ChoiceEnum, FairseqDataclass

METHODS = ["vanilla", "lsh", "lsh_no_compensation"]

# Whose layers get experts; it is also the prefix of the names of their options.
Side = Literal["encoder", "decoder"]


@dataclass
class MoEOptions(FairseqDataclass):  # type: ignore[misc]
    """Added to an architecture's own options."""

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


def refuse_unsupported(args: Any, side: Side) -> None:
    """Check options before a model is built.

    Raises:
        ValueError: if one does not go with MoE layers, or is out of range.
    """
    layers = getattr(args, f"{side}_layers")
    if not 1 <= args.moe_every <= layers:
        raise ValueError(f"moe_every: must be in 1..{side}_layers ({layers}), got {args.moe_every}")
    if args.base_layers != 1:
        raise ValueError(f"base_layers: must be 1, so that each rank saves its experts, got {args.base_layers}")
    unsupported = [
        # Skipped layers have no balance loss, recomputed ones no gradient of it.
        f"{side}_layerdrop",
        "checkpoint_activations",
        "offload_activations",
        # Layers that are left out change the numbers of the others, and so which of them have experts.
        f"{side}_layers_to_keep",
        # These act on a dense layer's hidden units or weights, which experts do not show.
        "activation_dropout",
        "relu_dropout",
        "scale_fc",
        "quant_noise_pq",
        "quant_noise_scalar",
        "ffn_reg_scale_factor",
    ]
    for option in unsupported:
        if getattr(args, option, None):
            raise ValueError(f"{option}: does not go with MoE layers; leave it off")
