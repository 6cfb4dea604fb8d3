"""What a model is trained on, and for how long."""

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from suite.config.base import Fraction, NonNegativeFloat, NonNegativeInt, ScaleName, Strict


class Optimizer(Strict):
    """Adam with linear warm-up, then a ``schedule`` from the peak to ``final_fraction`` of it at the last step."""

    learning_rate: PositiveFloat = Field(description="at its peak")
    warmup_steps: NonNegativeInt = Field(description="of linear growth to the peak")
    # Older records do not name their schedule: it is the cosine.
    schedule: Literal["constant", "linear", "cosine"] = Field(
        default="cosine", description="how the rate falls from its peak; constant: not at all"
    )
    final_fraction: NonNegativeFloat = Field(description="of the peak, at the last step; constant does without")
    betas: tuple[Fraction, Fraction] = Field(description="Adam's decay rates of the two moments")
    epsilon: PositiveFloat = Field(description="Adam's")
    weight_decay: NonNegativeFloat = Field(description="decoupled from the gradient, as in AdamW")
    clip_norm: PositiveFloat = Field(description="largest norm of all gradients together")


class Training(Strict):
    """How long and on how much a task trains at one scale. Counts are global: over all ranks together."""

    steps: NonNegativeInt = Field(description="0 only evaluates")
    batch_examples: PositiveInt = Field(description="examples per step, over all ranks")
    inputs: dict[str, Any] = Field(description="shape of the examples; the task's class says which fields there are")
    balance_weight: NonNegativeFloat = Field(description="weight of the gate's load-balance loss")
    eval_every: PositiveInt = Field(description="steps between evaluations; the last step is always evaluated")
    eval_examples: PositiveInt = Field(description="held-out examples per evaluation, over all ranks")
    # Older records have no final evaluation of its own.
    final_examples: PositiveInt | Literal["all"] | None = Field(
        default=None, description="held-out examples of one more evaluation after the last step; null: there is none"
    )
    checkpoint_every: PositiveInt = Field(description="steps between checkpoints")
    precision: Literal["float32", "bfloat16"] = Field(description="bfloat16 is autocast; weights stay float32")
    optimizer: Optimizer = Field(description="Adam and its schedule")


class StartsFrom(Strict):
    """Weights to start from: those of the same model's finished run of ``task``, with the same seed."""

    task: str = Field(description="of the run that made the weights")
    method: Literal["vanilla", "own"] = Field(description="of the run that made the weights; own is the run's method")


class StartsFromWeights(Strict):
    """Weights to start from: those of a trained model that somebody else has made."""

    weights: str = Field(description="a trained model of the data registry, or a folder with model.safetensors")
    expert_noise: NonNegativeFloat = Field(
        0.0, description="noise on experts that start as copies, in standard deviations of each matrix"
    )


class TaskConfig(Strict):
    """What a model is trained on: ``target`` is the task's class, which says what ``data`` may hold."""

    name: str = Field(description="of the file; the task's name in tables and figures")
    summary: str = Field(description="one line for `list tasks`")
    target: str = Field(description="the task's class")
    data: dict[str, Any] = Field(description="sources and labels; the class says which fields there are")
    route_padding: bool = Field(description="whether padding tokens go to experts, as is usual practice")
    starts_from: StartsFrom | StartsFromWeights | None = Field(
        description="weights of another run, or of a trained model; null: initial ones"
    )
    training: dict[ScaleName, Training] = Field(description="how the task trains at each scale")
