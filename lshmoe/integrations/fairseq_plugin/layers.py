"""MoE layers, built from options, in place of some feed-forward networks."""

from typing import Any

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from lshmoe import MoELayer, Reduction, derive_seed, expert_parameters, lsh_reduction
from lshmoe.integrations.surgery import replace_ffn

from .guards import Guard
from .options import Side


def insert_moe_layers(layers: nn.ModuleList, args: Any, side: Side) -> None:
    """Give every ``moe_every``-th of a model's transformer layers experts, in place.

    Their parameters carry the mark by which fairseq's legacy_ddp and clipping know them.

    Raises:
        ValueError: if an option is out of range.
    """
    for index, layer in enumerate(layers):
        if (index + 1) % args.moe_every == 0:
            moe = _moe_layer(args, side, index)
            for parameter in moe.experts.parameters():
                parameter.expert = True  # type: ignore[attr-defined]
            replace_ffn(layer, moe)


def watch(model: nn.Module, args: Any) -> None:
    """Let fairseq's default data parallelism leave experts alone, and look at how the model is used."""
    ignored = [*expert_parameters(model)]
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, ignored)
    model.register_forward_pre_hook(Guard(args))


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
