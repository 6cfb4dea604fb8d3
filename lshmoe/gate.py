"""Top-k gate with load-balance loss."""

import math

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lshmoe.groups import active_group_size
from lshmoe.seeding import generator
from lshmoe.segments import occurrences
from lshmoe.traffic import Traffic


class TopKGate(nn.Module):
    """Softmax gate that routes every token to its k best experts; no token is dropped here.

    Args:
        dim: width D of a token.
        num_experts: E.
        k: experts per token, 1 to E.
        seed: draws the weights.

    Raises:
        ValueError: if ``k`` is out of range.
    """

    def __init__(self, dim: int, num_experts: int, k: int, seed: int = 0) -> None:
        super().__init__()
        if not 1 <= k <= num_experts:
            raise ValueError(f"top_k: must be between 1 and num_experts={num_experts}, got {k}")
        self.num_experts, self.k, self.seed = num_experts, k, seed
        self.weight = nn.Parameter(torch.empty(num_experts, dim))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw the weights, the same ones every time: uniform within ``±dim**-0.5``."""
        gen = generator(self.seed, "gate")
        if gen is not None:
            weight_ED = torch.rand(self.weight.shape, generator=gen, device=gen.device) * 2 - 1
            self.weight.copy_(weight_ED * self.weight.shape[1] ** -0.5)

    def forward(
        self,
        x_ND: Tensor,
        traffic: Traffic | None = None,
        group: dist.ProcessGroup | None = None,
        replicas: dist.ProcessGroup | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Route tokens ``[N, D]``.

        Args:
            x_ND: tokens.
            traffic: meter for the all-reduce of expert loads.
            group: expert-parallel process group, over which loads are counted; ``None`` is the default one.
            replicas: ranks that hold copies of the experts; loads are counted over them, too. ``None``: there are none.

        Returns:
            ids_NK: int64 ``[N, K]``, experts, best first.
            weights_NK: ``[N, K]``; for k > 1 they add up to 1, for k = 1 they are the gate's probability.
            balance_loss: scalar, ``E · sum_e load_e · mean probability_e``; 1 when perfectly balanced. Loads count over
                all ranks, so the mean of this loss over ranks does not depend on how tokens are spread over them.
        """
        dtype = torch.promote_types(x_ND.dtype, torch.float32)
        probability_NE = torch.softmax(nn.functional.linear(x_ND.to(dtype), self.weight.to(dtype)), -1)
        ids_NK = _best(probability_NE.detach(), self.k)
        weights_NK = probability_NE.gather(-1, ids_NK)
        if self.k > 1:
            weights_NK = weights_NK / weights_NK.sum(-1, keepdim=True)
        load_E = occurrences(ids_NK.flatten(), self.num_experts).to(probability_NE.dtype)
        groups = [one for one in ((group,) if replicas is None else (group, replicas)) if active_group_size(one) > 1]
        world_size = math.prod(active_group_size(one) for one in groups)
        tokens = load_E.new_full((1,), float(x_ND.shape[0]))
        totals = torch.cat([load_E, tokens])
        for one in groups:
            size, traffic = active_group_size(one), Traffic() if traffic is None else traffic
            traffic.bytes["loads"] += totals.nbytes
            traffic.remote_bytes["loads"] += 2 * totals.nbytes * (size - 1) // size
            with traffic.clock("loads", totals.device):
                dist.all_reduce(totals, group=one)
        load_E, tokens = totals[:-1], totals[-1:]
        # Summing (not averaging) own tokens and scaling by W keeps ranks with fewer tokens at their true share.
        share_E = probability_NE.sum(0) * world_size / tokens.clamp(min=1)
        balance_loss = self.num_experts * (load_E / load_E.sum().clamp(min=1) * share_E).sum()
        return ids_NK, weights_NK.to(x_ND.dtype), balance_loss


def _best(values_NE: Tensor, k: int) -> Tensor:
    """int64 ``[N, K]``: the k largest of each row, best first, the first of equals; for few k far faster than topk."""
    left_NE, ids = values_NE.clone(), []
    for _ in range(k):
        ids.append(left_NE.argmax(-1, keepdim=True))
        left_NE.scatter_(-1, ids[-1], -math.inf)
    return torch.cat(ids, -1)
