"""What a record says about where its numbers come from."""

import hashlib
import platform
import resource
from pathlib import Path
from typing import Any

import psutil
import torch
import torch.distributed as dist

from suite.records.checkout import ROOT, git, git_commit
from suite.records.schema.environment import Environment, RankEnvironment


def describe_environment() -> RankEnvironment:
    """Commit, lock file, versions and hardware of this process."""
    lock = ROOT / "requirements" / "lock.txt"
    changes = git("status", "--porcelain", "--untracked-files=no")
    return RankEnvironment(
        git_commit=git_commit(),
        git_dirty=None if changes is None else bool(changes),
        lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else None,
        python=platform.python_version(),
        torch=str(torch.__version__),
        platform=platform.platform(),
        cpu=_cpu_model(),
        cpu_count=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        threads=torch.get_num_threads(),
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    )


def _cpu_model() -> str:
    """Name of the processor; only Linux keeps it where it can be read without another program."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def peak_memory_bytes() -> int:
    """The most resident memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def describe_ranks(transport: str) -> Environment:
    """:func:`describe_environment` of every rank of the default process group; every rank calls this.

    Args:
        transport: of the ranks' links, as :class:`~suite.cluster.member.Member` has it.
    """
    ranks: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(ranks, describe_environment())
    return Environment.model_validate({"ranks": ranks, "transport": transport})
