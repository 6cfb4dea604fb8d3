"""How a process that torchrun started becomes a rank: device, process groups and, in a lab, its link."""

import os
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from suite.cluster.lab.layout import A2A, DENSE
from suite.cluster.lab.link import Link
from suite.cluster.lab.paced import Pace
from suite.cluster.processes import die_with_parent
from suite.config.cluster import ClusterConfig

# A collective that waits longer than this counts as failed: a rank is lost.
COLLECTIVE_TIMEOUT = timedelta(seconds=60)


@dataclass(frozen=True)
class Member:
    """One rank.

    Attributes:
        device: where it computes.
        transport: ``shaped`` or ``paced`` links, or the plain ``loopback`` or ``host`` network; it is recorded.
        group: process group of the exchanges, with all ranks; the default group if the network has one fabric.
        ranks_per_server: G. Ranks of a server are consecutive.
        link: of its server, on the networks ``lab`` and ``paced``.
    """

    device: torch.device
    transport: str = "host"
    group: dist.ProcessGroup | None = None
    ranks_per_server: int = 1
    link: Link | None = None


# The only rank of a process without a process group.
ALONE = Member(torch.device("cpu"))


def join(cluster: ClusterConfig) -> Member:
    """Join the process groups as the rank that torchrun started, and shape the link if there is one. Collective.

    Raises:
        UserError: on every rank, if the link cannot have the rate of ``cluster``.
    """
    member = connect(cluster)
    if member.link is not None and cluster.ranks > cluster.ranks_per_server:
        member.link.measure_capacity()
        member.link.set_rate(cluster.rate_mbit)
    return member


def connect(cluster: ClusterConfig) -> Member:
    """:func:`join`, the link left as it is."""
    die_with_parent()
    torch.set_num_threads(cluster.threads_per_rank)
    device = torch.device(cluster.device)
    if cluster.device == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    if cluster.network == "lab":
        return _connect_lab(cluster, device)
    if cluster.network in ("loopback", "paced"):
        _use_interface("lo")
    dist.init_process_group(cluster.backend, timeout=COLLECTIVE_TIMEOUT)
    group, link = dist.group.WORLD, None
    if cluster.network == "paced":
        assert group is not None
        link = Link(group, cluster.ranks_per_server, "paced", pace=Pace(None, cluster.ranks_per_server))
    return Member(device, link.transport if link else cluster.network, group, cluster.ranks_per_server, link)


def _connect_lab(cluster: ClusterConfig, device: torch.device) -> Member:
    """Make two groups on two fabrics. Only exchanges make groups later, and those use the all-to-alls' fabric."""
    _use_interface(DENSE if cluster.dense_fabric == "open" else A2A)
    dist.init_process_group(cluster.backend, timeout=COLLECTIVE_TIMEOUT)
    _use_interface(A2A)
    group = dist.new_group(timeout=COLLECTIVE_TIMEOUT)
    assert isinstance(group, dist.ProcessGroup)
    link = Link(group, cluster.ranks_per_server, "shaped")
    return Member(device, link.transport, group, cluster.ranks_per_server, link)


def _use_interface(name: str) -> None:
    """Set the interface of the next process group: Gloo reads this variable when a group is made."""
    os.environ["GLOO_SOCKET_IFNAME"] = name
