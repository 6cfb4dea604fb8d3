"""Where the numbers of a record come from."""

from typing import Literal

from pydantic import Field, PositiveInt

from suite.records.schema.base import Part, Sha256


class RankEnvironment(Part):
    """Commit, software and hardware of one rank."""

    git_commit: str | None = Field(description="checked-out commit; null outside a git checkout")
    git_dirty: bool | None = Field(description="whether tracked files differed from that commit")
    lock_sha256: Sha256 | None = Field(description="SHA-256 of requirements/lock.txt")
    python: str = Field(description="version of Python")
    torch: str = Field(description="version of torch")
    platform: str = Field(description="operating system")
    cpu: str = Field(description="name of the processor")
    cpu_count: PositiveInt = Field(description="logical processors of the machine")
    memory_bytes: PositiveInt = Field(description="memory of the machine in bytes")
    threads: PositiveInt = Field(description="threads of this rank")
    device: str = Field(description="name of the GPU, or cpu")


class Environment(Part):
    """``environment.json`` of a run, and the part ``environment`` of a measurement."""

    ranks: list[RankEnvironment] = Field(min_length=1, description="one entry per rank, in order")
    transport: Literal["shaped", "paced", "loopback", "host"] = Field(
        description="the network: links that tc shapes, links that sleep, loopback, or the host's own"
    )
