"""One MoE layer of each of the paper's models, as one GPU of its cluster sees it (paper Table 1, §4.1)."""

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A MoE layer on one rank.

    Attributes:
        name: the model and its cluster, as servers × GPUs.
        tokens: N, tokens of this rank; each goes to ``top_k`` experts.
        dim: width D.
        hidden: hidden width F of an expert.
        experts: E, over all ranks.
        ranks: W, ranks of the expert-parallel group.
        top_k: K.
    """

    name: str
    tokens: int
    dim: int
    hidden: int
    experts: int
    ranks: int
    top_k: int = 2

    @property
    def rows(self) -> int:
        """R: routed rows of this rank."""
        return self.tokens * self.top_k

    def shrunk(self) -> "Shape":
        """The same layer small enough for a rehearsal on a CPU: fewer tokens, narrower, fewer experts per rank."""
        return replace(self, tokens=64, dim=32, hidden=64, experts=2 * self.ranks)

    def as_json(self) -> dict[str, Any]:
        """Its fields, for a record."""
        return asdict(self)


PAPER = (
    Shape("GPT-MoE 15B, 4 x 8", tokens=16384, dim=768, hidden=3072, experts=512, ranks=32),
    Shape("GPT-MoE 52B, 8 x 8", tokens=8192, dim=1024, hidden=4096, experts=512, ranks=64),
    Shape("RoBERTa-MoE, 1 x 8", tokens=32768, dim=768, hidden=3072, experts=16, ranks=8),
    Shape("T5-MoE encoder, 1 x 8", tokens=7376, dim=1024, hidden=16384, experts=16, ranks=8),
    Shape("Swin-MoE-L first stage, 1 x 8", tokens=401408, dim=192, hidden=768, experts=32, ranks=8),
)
