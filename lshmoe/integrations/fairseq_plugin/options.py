"""Options of the MoE layers, the same for every architecture."""

from dataclasses import dataclass, field
from typing import Any, Literal

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from omegaconf import II

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

    # Options of the run that `guards` looks at; fairseq fills them in.
    distributed_world_size: Any = field(default=II("distributed_training.distributed_world_size"))
    ddp_backend: Any = field(default=II("distributed_training.ddp_backend"))
    use_bmuf: Any = field(default=II("optimization.use_bmuf"))
    fp16: Any = field(default=II("common.fp16"))
    amp: Any = field(default=II("common.amp"))
    bf16: Any = field(default=II("common.bf16"))
    save_dir: Any = field(default=II("checkpoint.save_dir"))
    restore_file: Any = field(default=II("checkpoint.restore_file"))
