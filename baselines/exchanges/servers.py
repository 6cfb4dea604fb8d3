"""Process groups of two-step exchanges: the ranks inside a server, and the ranks of like place between servers."""

import torch
import torch.distributed as dist

from lshmoe import Exchange


def server_groups(exchange: Exchange, ranks_per_server: int) -> tuple[dist.ProcessGroup | None, ...]:
    """Make the two groups that this rank is in: of its server, and of its place in each server.

    Collective: every rank of the exchange's group takes part. A single process is both groups itself.
    """
    if exchange.world_size == 1:
        return exchange.group, exchange.group
    ranks_SG = torch.tensor(dist.get_process_group_ranks(exchange.group)).view(-1, ranks_per_server)
    server, place = divmod(exchange.rank, ranks_per_server)
    return tuple(_subgroup(ranks.tolist(), exchange.group) for ranks in (ranks_SG[server], ranks_SG[:, place]))


def _subgroup(ranks: list[int], parent: dist.ProcessGroup | None) -> dist.ProcessGroup:
    # Local synchronisation: only the members take part, so the exchange's group need not span all processes.
    group = dist.new_group(ranks, backend=dist.get_backend_config(parent), use_local_synchronization=True)
    assert isinstance(group, dist.ProcessGroup), "a rank is a member of its own subgroups"
    return group
