"""A host model and its sizes."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from suite.config.base import Fraction, ScaleName, Strict


class _Size(Strict):
    """Fields of sizes of all shapes."""

    experts: PositiveInt = Field(description="per MoE layer, over all ranks; a multiple of the ranks")
    top_k: PositiveInt = Field(description="experts per token")
    moe_every: PositiveInt = Field(description="every how many layers the FFN is a MoE layer; 2 is every other layer")
    dropout: Fraction = Field(description="share of activations that dropout zeroes in training")

    @model_validator(mode="after")
    def _experts_suffice(self) -> "_Size":
        if self.top_k > self.experts:
            raise ValueError(f"top_k: {self.top_k} exceeds experts={self.experts}; allowed: 1 to {self.experts}")
        return self


class TransformerSize(_Size):
    """Shape of a model with equal layers. In an encoder–decoder, each half has ``layers``."""

    shape: Literal["transformer"] = Field(description="says which fields there are")
    layers: PositiveInt = Field(description="transformer layers")
    width: PositiveInt = Field(description="of a token's vector")
    ffn: PositiveInt = Field(description="hidden width of FFNs and experts")
    heads: PositiveInt = Field(description="attention heads; they divide the width")

    @model_validator(mode="after")
    def _consistent(self) -> "TransformerSize":
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide width={self.width}; allowed: a divisor of the width")
        if self.moe_every > self.layers:
            raise ValueError(f"moe_every: {self.moe_every} exceeds layers={self.layers}; allowed: 1 to {self.layers}")
        return self


class SwinSize(_Size):
    """Shape of a Swin transformer, layers and heads by stage. From stage to stage, width doubles and side halves."""

    shape: Literal["swin"] = Field(description="says which fields there are")
    width: PositiveInt = Field(description="of the first stage")
    layers: list[PositiveInt] = Field(min_length=1, description="transformer layers of each stage")
    heads: list[PositiveInt] = Field(min_length=1, description="attention heads of each stage")
    ffn_ratio: PositiveFloat = Field(description="hidden width of FFNs and experts, as a multiple of the stage's width")
    patch: PositiveInt = Field(description="pixels per side of a patch")
    window: PositiveInt = Field(description="patches per side of an attention window")
    pretrained: str | None = Field(
        description="timm's name of weights to start from, all but the MoE layers; null: none"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "SwinSize":
        if len(self.heads) != len(self.layers):
            raise ValueError(
                f"heads: {len(self.heads)} stages, but layers has {len(self.layers)}; give one number each"
            )
        for stage, heads in enumerate(self.heads):
            if (width := self.width * 2**stage) % heads:
                raise ValueError(f"heads: {heads} does not divide the width {width} of stage {stage}")
        if int(self.width * self.ffn_ratio) != self.width * self.ffn_ratio:
            raise ValueError(f"ffn_ratio: {self.ffn_ratio:g} times width={self.width} is not a whole number")
        if self.moe_every > max(self.layers):
            raise ValueError(f"moe_every: {self.moe_every} leaves no MoE layer; allowed: 1 to {max(self.layers)}")
        return self


SHAPES: dict[str, type[_Size]] = {"transformer": TransformerSize, "swin": SwinSize}
ModelSize = Annotated[TransformerSize | SwinSize, Field(discriminator="shape")]


class ModelConfig(Strict):
    """A host model: ``host`` is the module whose ``build`` makes it."""

    name: str = Field(description="of the file; the model's name in tables and figures")
    host: str = Field(description="module whose `build` makes the model")
    sizes: dict[ScaleName, ModelSize] = Field(description="the model's size at each scale")
