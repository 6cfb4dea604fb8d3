"""What a run is made of: the validated form of everything under ``suite/conf``.

Every field is checked and no other field is accepted, so a misspelt option can never be ignored silently. Rules that
join several parts (experts and ranks, for instance) are checked on :class:`RunConfig`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

# Version of the records that runs and measurements leave; readers refuse any other.
RECORD_SCHEMA = 2

NonNegativeFloat = Annotated[float, Field(ge=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
ScaleName = Literal["nano", "mini", "paper"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Size(_Strict):
    """What sizes of all shapes share."""

    experts: PositiveInt
    top_k: PositiveInt
    moe_every: PositiveInt = Field(description="every how many layers the FFN is a MoE layer; 2 is every other layer")
    dropout: Fraction

    @model_validator(mode="after")
    def _experts_suffice(self) -> "_Size":
        if self.top_k > self.experts:
            raise ValueError(f"top_k: {self.top_k} exceeds experts={self.experts}; allowed: 1 to {self.experts}")
        return self


class TransformerSize(_Size):
    """Shape of a model whose layers are all alike; of an encoder–decoder, either half has ``layers``."""

    shape: Literal["transformer"]
    layers: PositiveInt
    width: PositiveInt
    ffn: PositiveInt
    heads: PositiveInt

    @model_validator(mode="after")
    def _consistent(self) -> "TransformerSize":
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide width={self.width}; allowed: a divisor of the width")
        if self.moe_every > self.layers:
            raise ValueError(f"moe_every: {self.moe_every} exceeds layers={self.layers}; allowed: 1 to {self.layers}")
        return self


class SwinSize(_Size):
    """Shape of a Swin transformer, layers and heads by stage; from stage to stage width doubles and side halves."""

    shape: Literal["swin"]
    width: PositiveInt = Field(description="of the first stage")
    layers: list[PositiveInt] = Field(min_length=1)
    heads: list[PositiveInt] = Field(min_length=1)
    ffn_ratio: PositiveFloat
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


class ModelConfig(_Strict):
    """A host model: ``host`` is the module whose ``build`` makes it."""

    name: str
    host: str
    sizes: dict[ScaleName, ModelSize]


class Optimizer(_Strict):
    """Adam with linear warm-up, then a cosine to ``final_fraction`` of the peak at the last step."""

    learning_rate: PositiveFloat
    warmup_steps: NonNegativeInt
    final_fraction: NonNegativeFloat
    betas: tuple[Fraction, Fraction]
    epsilon: PositiveFloat
    weight_decay: NonNegativeFloat
    clip_norm: PositiveFloat


class Training(_Strict):
    """How long and on how much a task trains at one scale. Counts are global: over all ranks together."""

    steps: NonNegativeInt = Field(description="0 only evaluates")
    batch_examples: PositiveInt = Field(description="examples per step, over all ranks")
    inputs: dict[str, Any] = Field(description="shape of the examples; the task's class says which fields there are")
    balance_weight: NonNegativeFloat = Field(description="weight of the gate's load-balance loss")
    eval_every: PositiveInt = Field(description="steps between evaluations; the last step is always evaluated")
    eval_examples: PositiveInt = Field(description="held-out examples per evaluation, over all ranks")
    checkpoint_every: PositiveInt
    precision: Literal["float32", "bfloat16"] = Field(description="bfloat16 is autocast; weights stay float32")
    optimizer: Optimizer


class StartsFrom(_Strict):
    """Weights to start from: those of the same model's finished run of ``task``, with the same seed."""

    task: str
    method: Literal["vanilla", "own"] = Field(description="of the run that made the weights; own is the run's method")


class TaskConfig(_Strict):
    """What a model is trained on: ``target`` is the task's class, which says what ``data`` may hold."""

    name: str
    summary: str
    target: str
    data: dict[str, Any]
    route_padding: bool = Field(description="whether padding tokens go to experts, as is usual practice")
    starts_from: StartsFrom | None
    training: dict[ScaleName, Training]


def _has_target(options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("_target_"), str):
        raise ValueError("_target_ is missing; allowed: the dotted name of a class or function")
    return options


Component = Annotated[dict[str, Any], AfterValidator(_has_target)]


class MethodConfig(_Strict):
    """A named point on the three axes. ``None`` is the plain choice: identity, native numbers, flat exchange.

    A component is ``{_target_: dotted.name, option: value, …}``; its options are checked against the target's signature
    by :func:`suite.methods.check_method`.
    """

    name: str
    summary: str
    reduction: Component | None
    wire: Component | None
    exchange: Component | None


class Measurement(_Strict):
    """Paired step-time measurement: methods alternate in blocks inside one process group."""

    warmup_steps: NonNegativeInt
    blocks: PositiveInt
    steps_per_block: PositiveInt


class Cell(_Strict):
    """Runs that a scale asks for: one model on one task with several methods, the first one being the reference."""

    model: str
    task: str
    methods: list[str] = Field(min_length=1)
    timed: bool = Field(True, description="whether step times are measured")
    cluster: str | None = Field(None, description="where its runs train, if not where the scale's do")
    shares: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [], description="of all-to-all in vanilla's step, at which step times are measured; the model's own one first"
    )


class ScaleConfig(_Strict):
    """How much is run: the matrix of runs, their seeds, and the effort put into timing."""

    name: ScaleName
    seeds: list[NonNegativeInt] = Field(min_length=1)
    cluster: str = Field(description="where runs train")
    timed_on: str = Field(description="cluster on which step times are measured")
    matrix: list[Cell] = Field(min_length=1)
    measurement: Measurement


class Capture(_Strict):
    """A sample of the rows that enter all-to-alls, recorded after every ``every`` steps; 0 records none."""

    every: NonNegativeInt
    rows: PositiveInt = Field(description="rows per layer and rank")


class Seeds(_Strict):
    """Roots of single streams of randomness (:mod:`suite.seeds`); null is the run's own root seed."""

    model: NonNegativeInt | None = None
    data: NonNegativeInt | None = None
    hash: NonNegativeInt | None = None


class Origin(_Strict):
    """Where the run lies whose weights a run starts from; null is the run's own results folder, and its own seed."""

    results: Path | None = None
    seed: NonNegativeInt | None = None


class ClusterConfig(_Strict):
    """Where ranks run.

    ``network`` is ``loopback`` (processes of one machine), ``lab`` (network namespaces joined by shaped links),
    ``paced`` (loopback, and every all-to-all sleeps as long as the link would take) or ``host`` (the machine's own).
    """

    name: str
    ranks: PositiveInt
    ranks_per_server: PositiveInt
    network: Literal["loopback", "lab", "paced", "host"]
    rate_mbit: PositiveFloat | None = Field(description="nominal 10⁶ bit/s leaving a server; null leaves links open")
    dense_fabric: Literal["open", "shaped"] = Field(description="where everything but the all-to-alls travels")
    backend: Literal["gloo", "nccl"]
    device: Literal["cpu", "cuda"]
    threads_per_rank: PositiveInt

    @property
    def servers(self) -> int:
        return self.ranks // self.ranks_per_server

    @property
    def spans_nodes(self) -> bool:
        """Whether its servers are machines of their own."""
        return self.network == "host" and self.servers > 1

    @model_validator(mode="after")
    def _consistent(self) -> "ClusterConfig":
        if self.ranks % self.ranks_per_server:
            raise ValueError(
                f"ranks_per_server: {self.ranks_per_server} does not divide ranks={self.ranks}; allowed: its divisors"
            )
        if self.backend == "nccl" and self.device == "cpu":
            raise ValueError("backend: nccl needs device=cuda; allowed with device=cpu: gloo")
        if self.network == "lab" and self.backend != "gloo":
            raise ValueError(f"backend: {self.backend} does not run on network=lab; allowed there: gloo")
        if self.network == "paced" and self.rate_mbit is None:
            raise ValueError("rate_mbit: null, but network=paced needs one; allowed: a number above 0")
        if self.network in ("loopback", "host") and self.rate_mbit is not None:
            raise ValueError(f"rate_mbit: network={self.network} has no link to shape; allowed: null, or network=lab")
        if self.network != "lab" and self.dense_fabric == "shaped":
            raise ValueError(f"dense_fabric: network={self.network} has one fabric; allowed: open, or network=lab")
        return self


class RunConfig(_Strict):
    """One run. :attr:`size` and :attr:`training` are the model and the task at the run's scale."""

    seed: NonNegativeInt
    # Records from before these two fields are as good as ever.
    seeds: Seeds = Seeds()
    origin: Origin = Origin()
    results: Path
    model: ModelConfig
    task: TaskConfig
    method: MethodConfig
    scale: ScaleConfig
    cluster: ClusterConfig
    capture: Capture

    @property
    def size(self) -> TransformerSize | SwinSize:
        return self.model.sizes[self.scale.name]

    @property
    def training(self) -> Training:
        return self.task.training[self.scale.name]

    def root_seed(self, stream: Literal["model", "data", "hash"]) -> int:
        """What a stream of randomness is derived from: its own seed, or the run's."""
        own: int | None = getattr(self.seeds, stream)
        return self.seed if own is None else own

    @model_validator(mode="after")
    def _consistent(self) -> "RunConfig":
        scale, ranks = self.scale.name, self.cluster.ranks
        for field, sizes in (("model", self.model.sizes), ("task", self.task.training)):
            if scale not in sizes:
                named, allowed = getattr(self, field).name, ", ".join(sorted(sizes))
                raise ValueError(f"scale: {field} {named!r} has none called {scale!r}; allowed: {allowed}")
        if self.size.experts % ranks:
            raise ValueError(
                f"model.sizes.{scale}.experts: {self.size.experts} is not divisible by cluster.ranks={ranks}; "
                f"allowed: a multiple of {ranks}"
            )
        if self.training.batch_examples % ranks:
            raise ValueError(
                f"task.training.{scale}.batch_examples: {self.training.batch_examples} is not divisible by "
                f"cluster.ranks={ranks}; allowed: a multiple of {ranks}"
            )
        return self
