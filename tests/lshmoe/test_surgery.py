"""Hosts whose feed-forward network becomes a MoE layer."""

import pytest
import torch
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from lshmoe import MoELayer, lsh_reduction, moe_layers
from lshmoe.integrations.surgery import replace_ffn


def test_a_timm_swin_trains_with_moe_blocks():
    torch.manual_seed(0)
    model = SwinTransformer(
        img_size=32, patch_size=4, window_size=4, embed_dim=16, depths=(2, 2), num_heads=(2, 4), num_classes=5
    )
    for stage, dim in zip(model.layers, (16, 32), strict=True):
        replace_ffn(stage.blocks[1], MoELayer(dim, 2 * dim, 4, reduction=lsh_reduction(dim)))
    assert len(moe_layers(model)) == 2
    logits = model(torch.randn(3, 3, 32, 32))
    assert logits.shape == (3, 5)
    logits.square().sum().backward()
    for layer, tokens in zip(moe_layers(model), (3 * 64, 3 * 16), strict=True):
        assert layer.traffic.rows_routed == 2 * tokens
        assert all(parameter.grad is not None for parameter in layer.parameters())


def test_a_block_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="block: Linear has neither"):
        replace_ffn(nn.Linear(4, 4), MoELayer(4, 8, 2))
