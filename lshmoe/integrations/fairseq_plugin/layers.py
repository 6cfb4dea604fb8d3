"""MoE layers, built from options, in place of some feed-forward networks."""

from typing import Any

from torch import nn

from lshmoe import MoELayer, Reduction, derive_seed, lsh_reduction
from lshmoe.integrations.surgery import replace_ffn

from .options import Side


def insert_moe_layers(layers: nn.ModuleList, args: Any, side: Side) -> None:
    """Give every ``moe_every``-th of a model's transformer layers experts, in place.

    Raises:
        ValueError: if an option is out of range.
    """
    for index, layer in enumerate(layers):
        if (index + 1) % args.moe_every == 0:
            replace_ffn(layer, _moe_layer(args, side, index))


def _moe_layer(args: Any, side: Side, index: int) -> MoELayer:
    dim = getattr(args, f"{side}_embed_dim")
    return MoELayer(
        dim,
        getattr(args, f"{side}_ffn_embed_dim"),
        args.moe_experts,
        top_k=args.moe_top_k,
        reduction=_reduction(args, dim, index),
        seed=derive_seed(args.moe_seed, "model", index),
        activation=str(args.activation_fn),
        check_finite=True,
        name=f"{side}.{index}",
    )


def _reduction(args: Any, dim: int, index: int) -> Reduction | None:
    method = str(args.moe_method)
    if method == "vanilla":
        return None
    return lsh_reduction(
        dim,
        derive_seed(args.moe_seed, "hash", index),
        num_hashes=args.moe_hashes,
        error_compensation=method == "lsh",
    )
