"""Swap a host's feed-forward network for a MoE layer."""

from torch import nn

from lshmoe.layer import MoELayer


def replace_ffn(block: nn.Module, moe: MoELayer) -> None:
    """Replace the feed-forward network of a transformer block by ``moe``, in place.

    Knows three shapes of host: fairseq's layers (``fc1``, ``activation_fn``, ``fc2``), timm's (``mlp``) and those of
    transformers' BERT family (``intermediate``, ``output.dense``).

    Raises:
        ValueError: if the block has none of them.
    """
    if hasattr(block, "fc1") and hasattr(block, "fc2"):
        block.fc1 = moe
        block.fc2 = nn.Identity()
        block.activation_fn = nn.Identity()
    elif hasattr(block, "mlp"):
        block.mlp = moe
    elif hasattr(block, "intermediate") and isinstance(block.output, nn.Module):
        block.intermediate = moe
        block.output.dense = nn.Identity()
    else:
        raise ValueError(f"block: {type(block).__name__} has neither fc1 and fc2, mlp, nor intermediate to replace")
