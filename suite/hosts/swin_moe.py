"""Swin-MoE: timm's Swin transformer with MoE layers in place of FFNs (Table 1: in every other layer)."""

from dataclasses import dataclass

import timm
from timm.models.swin_transformer import SwinTransformer, SwinTransformerStage
from torch import Tensor

from suite.config.model import SwinSize
from suite.errors import UserError
from suite.hosts.model import HostModel
from suite.hosts.placement import MakeLayer, place_moe_layers
from suite.tasks.task import ImageInputs

OBJECTIVES = ("images",)


class SwinMoE(HostModel):
    """timm's model. It has no streams, because patches have no kinds."""

    def __init__(self, host: SwinTransformer) -> None:
        super().__init__(streams={})
        self.host = host

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Map images, float ``[B, channels, size, size]``, to logits ``[B, classes]``."""
        logits_BK: Tensor = self.host(images_BCHW)
        return logits_BK


@dataclass(frozen=True)
class Stage:
    """Sizes of the blocks of one stage."""

    width: int
    ffn: int
    moe_every: int


def build(size: SwinSize, inputs: ImageInputs, make_layer: MakeLayer) -> HostModel:
    """Build the model. Dense weights come from torch's global generator, experts and gates from their own seeds.

    Args:
        size: its shape; blocks ``moe_every - 1, 2·moe_every - 1, …`` of each stage get a MoE layer. ``dropout`` is the
            last block's stochastic depth, the only dropout in Swin's training.
        inputs: size, channels and classes of images.
        make_layer: ``(name, width, ffn) -> MoELayer``.

    Raises:
        UserError: if ``size.pretrained`` names weights of another shape.
    """
    host = SwinTransformer(
        img_size=inputs.size,
        patch_size=size.patch,
        in_chans=inputs.channels,
        num_classes=inputs.classes,
        embed_dim=size.width,
        depths=tuple(size.layers),
        num_heads=tuple(size.heads),
        window_size=size.window,
        mlp_ratio=size.ffn_ratio,
        drop_path_rate=size.dropout,
    )
    if size.pretrained is not None:
        _load_pretrained(host, size.pretrained, inputs)
    for number, stage in enumerate(host.layers):
        assert isinstance(stage, SwinTransformerStage)
        width = size.width * 2**number
        place_moe_layers(
            f"stages.{number}", stage.blocks, Stage(width, int(width * size.ffn_ratio), size.moe_every), make_layer
        )
    return SwinMoE(host)


def _load_pretrained(host: SwinTransformer, name: str, inputs: ImageInputs) -> None:
    """Load timm's weights; call it before FFNs are replaced. With another number of classes, the head keeps its own."""
    trained = timm.create_model(name, pretrained=True, img_size=inputs.size, in_chans=inputs.channels)
    weights, wanted = trained.state_dict(), host.state_dict()
    if trained.num_classes != inputs.classes:
        weights |= {key: value for key, value in wanted.items() if key.startswith("head.")}
    misfits = [
        k
        for k in wanted.keys() | weights.keys()
        if k not in weights or k not in wanted or weights[k].shape != wanted[k].shape
    ]
    if misfits:
        raise UserError(
            f"model.sizes.<scale>.pretrained: {name!r} has another shape than this model, at {min(misfits)}"
        )
    host.load_state_dict(weights)
