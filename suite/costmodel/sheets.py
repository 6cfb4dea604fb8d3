"""Clusters by their data sheets: ``suite/conf/targets.yaml``, validated, and the workload of a model on one of them."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import yaml
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from suite.config.base import Strict
from suite.config.conf import CONF
from suite.config.hardware import Hardware, hardware
from suite.config.paper.published import PublishedModel
from suite.config.validation import parse_options
from suite.costmodel.exchange import ClusterNetwork, ExchangePath, Topology, exchanges_per_step
from suite.costmodel.step import Method, Workload

TARGETS = CONF / "targets.yaml"

BITS_PER_BYTE = 8
FLOPS_PER_PARAMETER = 6  # and token, forward and backward; eq. 8 counts the same


class Assumptions(Strict):
    """Numbers that neither the paper nor a data sheet gives."""

    tokens_per_gpu: PositiveInt
    bytes_per_element: PositiveFloat
    moe_every: PositiveInt
    top_k: PositiveInt
    num_hashes: PositiveInt
    coordinates: PositiveInt
    gate_bytes: PositiveFloat
    count_bytes: PositiveFloat
    imbalance: Annotated[float, Field(ge=1)]


class Cluster(Strict):
    """Servers and the network between them."""

    title: str
    hardware: str
    servers: PositiveInt
    sites: bool = Field(False, description="whether servers are sites, whose number stays while their GPUs grow")
    gpus_per_server: PositiveInt
    nics_per_server: PositiveInt
    nic_bits_per_second: PositiveFloat
    latency_seconds: NonNegativeFloat
    message_seconds: NonNegativeFloat
    achieved_fraction: Annotated[float, Field(gt=0, le=1)]
    source: str

    @property
    def gpu(self) -> Hardware:
        return hardware()[self.hardware]

    @property
    def flops_per_second(self) -> float:
        """Achieved by one GPU."""
        return self.achieved_fraction * self.gpu.flops

    @property
    def nic_rate(self) -> float:
        """Bytes/s of one NIC, one way."""
        return self.nic_bits_per_second / BITS_PER_BYTE

    def topology(self, gpus: int | None = None) -> Topology:
        """The cluster at its own size, or at ``gpus`` GPUs.

        Raises:
            ValueError: ``gpus`` are not whole servers, or do not spread evenly over the sites.
        """
        gpus = self.servers * self.gpus_per_server if gpus is None else gpus
        unit = self.servers if self.sites else self.gpus_per_server
        if gpus < unit or gpus % unit:
            raise ValueError(f"gpus: {gpus} is not a multiple of {unit}, as {self.title} needs")
        return Topology(
            servers=self.servers if self.sites else gpus // self.gpus_per_server,
            gpus_per_server=gpus // self.servers if self.sites else self.gpus_per_server,
            nics_per_server=self.nics_per_server,
            nic_rate=self.nic_rate,
            inside_rate=self.gpu.nvlink_bytes,
            latency=self.latency_seconds,
            message=self.message_seconds,
        )


class Targets(Strict):
    """Assumptions and clusters."""

    assumptions: Assumptions
    clusters: dict[str, Cluster] = Field(min_length=1)

    @model_validator(mode="after")
    def _hardware_is_known(self) -> "Targets":
        for name, cluster in self.clusters.items():
            if cluster.hardware not in hardware():
                raise ValueError(
                    f"clusters.{name}.hardware: unknown {cluster.hardware!r}; allowed: {', '.join(hardware())}"
                )
        return self


@cache
def sheets() -> Targets:
    """Read and validate the clusters.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("targets", Targets, yaml.safe_load(TARGETS.read_text()))


@dataclass(frozen=True)
class Shape:
    """Sizes that decide a transformer's step; in ``moe_layers`` of ``layers``, ``top_k`` experts replace the FFN.

    As in the paper's model, attention has 4·width² parameters; embeddings, norms and products of queries and keys are
    left out.
    """

    layers: int
    moe_layers: int
    width: int
    ffn: int
    experts: int
    top_k: int

    @classmethod
    def of(cls, model: PublishedModel, assumptions: Assumptions) -> "Shape":
        """A model of the paper, with MoE layers where its text places them."""
        moe = model.layers // assumptions.moe_every
        return cls(model.layers, moe, model.d_model, model.d_ffn, model.experts, assumptions.top_k)

    @property
    def dense_flops(self) -> float:
        """FLOPs per token and step outside experts."""
        dense_ffns = (self.layers - self.moe_layers) * 2 * self.width * self.ffn
        return FLOPS_PER_PARAMETER * (self.layers * 4 * self.width**2 + dense_ffns)

    @property
    def expert_flops(self) -> float:
        """FLOPs per token and step in its experts."""
        return FLOPS_PER_PARAMETER * self.moe_layers * self.top_k * 2 * self.width * self.ffn

    @property
    def expert_part(self) -> float:
        """Share of experts in all FLOPs."""
        return self.expert_flops / (self.expert_flops + self.dense_flops)


def workload(shape: Shape, cluster: Cluster, network: ClusterNetwork, assumptions: Assumptions) -> Workload:
    """A step of one GPU by data sheets. As in measurements, the dense part includes the gate's all-reduces.

    The number of experts grows with the GPUs: at least one per GPU, as in Appendix A.2.
    """
    tokens, flops = assumptions.tokens_per_gpu, cluster.flops_per_second
    experts = max(shape.experts, network.topology.gpus)
    rows = tokens * shape.top_k * shape.moe_layers
    gate = shape.moe_layers * network.all_reduce_seconds(experts * assumptions.gate_bytes)
    return Workload(
        dense=tokens * shape.dense_flops / flops + gate,
        experts_fixed=0.0,
        experts_per_row=tokens * shape.expert_flops / flops / rows,
        rows=rows,
        exchanges=exchanges_per_step(shape.moe_layers),
        count_bytes=shape.moe_layers * experts * assumptions.count_bytes,
        imbalance=assumptions.imbalance,
    )


def vanilla_method(shape: Shape, assumptions: Assumptions) -> Method:
    """Vanilla: every row is sent, in the model's precision."""
    return Method(rate=1.0, bytes_per_row=shape.width * assumptions.bytes_per_element)


def lsh_method(shape: Shape, cluster: Cluster, assumptions: Assumptions, rate: float) -> Method:
    """LSH at a given rate. Hashing costs the product of a row with the kept coordinates of every rotation."""
    hashing = 2 * assumptions.num_hashes * assumptions.coordinates * shape.width / cluster.flops_per_second
    return Method(rate, shape.width * assumptions.bytes_per_element, reduction_per_row=hashing)


def network(cluster: Cluster, path: ExchangePath, gpus: int | None = None) -> ClusterNetwork:
    """The cluster's network at ``gpus``."""
    return ClusterNetwork(cluster.topology(gpus), path)
