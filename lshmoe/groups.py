"""Questions about process groups that have an answer without one, too."""

import torch.distributed as dist


def active_group_size(group: dist.ProcessGroup | None) -> int:
    """Ranks in ``group`` (or the default group); 1 when torch.distributed is not initialised."""
    return dist.get_world_size(group) if dist.is_available() and dist.is_initialized() else 1


def active_group_rank(group: dist.ProcessGroup | None) -> int:
    """This process's rank in ``group`` (or the default group), -1 if it is no member; 0 without torch.distributed."""
    return dist.get_rank(group) if dist.is_available() and dist.is_initialized() else 0
