"""A slow MoE layer without any cleverness: one loop over tokens, plain autograd."""

import torch
from torch import Tensor

from lshmoe import MoELayer


def reference_forward(layer: MoELayer, x_ND: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and balance loss of a single-process layer that has lost none of its rows, token by token.

    Clusters (when the layer's reduction hashes) are Python dictionaries keyed by (expert, codes).
    """
    probability = torch.softmax(x_ND @ layer.gate.weight.T, -1)
    k, num_experts = layer.gate.k, layer.num_experts
    best = [sorted(range(num_experts), key=lambda e, p=p: -p[e].item())[:k] for p in probability]
    hash = getattr(layer.reduction, "hash", None)
    members: dict[tuple, list[int]] = {}
    for n, experts in enumerate(best):
        codes = () if hash is None else tuple(hash(x_ND[n : n + 1])[0].tolist())
        for e in experts:
            members.setdefault((e, *codes) if hash is not None else (e, n), []).append(n)
    out = [torch.zeros_like(x_ND[0]) for _ in best]
    for (e, *_), tokens in members.items():
        centroid = sum(x_ND[n] for n in tokens) / len(tokens)
        hidden = torch.nn.functional.gelu(centroid @ layer.experts.w1_LDF[e] + layer.experts.b1_LF[e])
        value = hidden @ layer.experts.w2_LFD[e] + layer.experts.b2_LD[e]
        for n in tokens:
            total = sum(probability[n, other] for other in best[n]) if k > 1 else 1
            residual = x_ND[n] - centroid if hash is not None and layer.reduction.error_compensation else 0
            out[n] = out[n] + probability[n, e] / total * (value + residual)
    balance = 0
    for e in range(num_experts):
        load = sum(e in experts for experts in best) / (k * len(best))
        balance = balance + num_experts * load * probability[:, e].mean()
    return torch.stack(out), balance
