"""Where ranks run."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from suite.config.base import Strict


class ClusterConfig(Strict):
    """Where ranks run.

    ``network`` is ``loopback`` (processes of one machine), ``lab`` (network namespaces joined by shaped links),
    ``paced`` (loopback, and every all-to-all sleeps as long as the link would take) or ``host`` (the machine's own).
    """

    name: str = Field(description="of the file")
    ranks: PositiveInt = Field(description="processes, one per GPU where there are GPUs")
    ranks_per_server: PositiveInt = Field(
        description="divides ranks; a server is a node, or a network namespace of the lab"
    )
    network: Literal["loopback", "lab", "paced", "host"] = Field(description="how servers are joined, see above")
    rate_mbit: PositiveFloat | None = Field(description="nominal 10⁶ bit/s leaving a server; null leaves links open")
    dense_fabric: Literal["open", "shaped"] = Field(description="where everything but the all-to-alls travels")
    backend: Literal["gloo", "nccl"] = Field(description="of torch.distributed")
    device: Literal["cpu", "cuda"] = Field(description="where models and rows live")
    threads_per_rank: PositiveInt = Field(description="CPU threads of torch in each rank")

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
