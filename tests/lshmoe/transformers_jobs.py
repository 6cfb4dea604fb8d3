"""What ranks run to train models of transformers; importable, so that spawned processes find it."""

import os
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor
from transformers import AutoModelForCausalLM, MixtralConfig, OlmoeConfig, Qwen3MoeConfig
from transformers.distributed import DistributedConfig

from lshmoe import LSHReduction, lsh_reduction
from lshmoe.integrations.capture import capture
from lshmoe.integrations.transformers import register

SMALL: dict[str, Any] = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "num_experts_per_tok": 2, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
CONFIGURATIONS = {
    "olmoe": OlmoeConfig(**SMALL, num_local_experts=4),
    "qwen3_moe": Qwen3MoeConfig(**SMALL, head_dim=16, moe_intermediate_size=48, num_local_experts=4),
    "mixtral": MixtralConfig(**SMALL, num_local_experts=4),
}


def save_small_models(folder: str) -> None:
    """Write a small random model of each architecture."""
    torch.manual_seed(0)
    for name, config in CONFIGURATIONS.items():
        AutoModelForCausalLM.from_config(config).save_pretrained(f"{folder}/{name}")


def load(folder: str, way: str) -> nn.Module:
    """The model of ``folder``, its experts spread over all ranks and reached by ``way``."""
    world, rank = dist.get_world_size(), dist.get_rank()
    os.environ.update(WORLD_SIZE=str(world), RANK=str(rank), LOCAL_RANK=str(rank))
    config = DistributedConfig(ep_size=world, fsdp_size=world, ep_implementation=way)
    model: nn.Module = AutoModelForCausalLM.from_pretrained(folder, distributed_config=config, dtype=torch.float32)
    return model.train()


def tokens(rank: int) -> Tensor:
    """A batch ``[2, 16]`` of this rank."""
    return torch.randint(1, 64, (2, 16), generator=torch.Generator().manual_seed(rank))


def one_step(model: nn.Module) -> dict[str, Tensor]:
    """Outputs and all gradients by name of one pass over this rank's batch."""
    batch = tokens(dist.get_rank())
    out = model(input_ids=batch, labels=batch)
    out.loss.backward()
    grads = {name: whole(parameter.grad) for name, parameter in model.named_parameters() if parameter.grad is not None}
    return {"logits": out.logits.detach(), **grads}


def whole(value: Tensor) -> Tensor:
    """All shards of a tensor put together."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def compare_ways(folder: str) -> dict[str, tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """One training step by their all-to-all and by ours, per architecture."""
    register()
    return {
        name: (one_step(load(f"{folder}/{name}", "all_to_all")), one_step(load(f"{folder}/{name}", "lshmoe")))
        for name in CONFIGURATIONS
    }


def make_reduction(dim: int, number: int) -> LSHReduction:
    return lsh_reduction(dim, seed=number, num_hashes=2, coordinates=2)


def cluster_on_two_ranks_and_on_one(folder: str) -> dict[str, Any]:
    """A step with LSH, its experts on two ranks, and one with all experts on every rank; evaluation; refusals."""
    dispatch = register(reduction=make_reduction)
    spread = load(folder, "lshmoe")
    assert not dispatch.layers[0].traffic.rows_sent
    rows = Path(folder).parent / f"rows{dist.get_rank()}.pt"
    with capture({f"layers.{number}": way for number, way in enumerate(dispatch.layers)}, rows):
        stepped = one_step(spread)
    assert {name: len(value) for name, value in torch.load(rows).items()}["layers.1.rows"] == 2 * 2 * 16
    rate = dispatch.layers[0].traffic.rows_sent / dispatch.layers[0].traffic.rows_routed

    alone = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    solo = init_device_mesh("cpu", (dist.get_world_size(), 1), mesh_dim_names=("ranks", "solo"))["solo"]
    make_way = register(reduction=make_reduction)
    for layer in alone.model.layers:
        layer.mlp.experts.forward = make_way(layer.mlp.experts, solo, solo)
    expected = one_step(alone)
    for name in sorted(expected.keys() - {"logits"}):  # in the same order on both ranks
        dist.all_reduce(expected[name])
        expected[name] /= dist.get_world_size()
    with torch.no_grad():
        batch = tokens(dist.get_rank())
        evaluated = spread.eval()(input_ids=batch).logits
        exact = load(folder, "all_to_all").eval()(input_ids=batch).logits
    tensors = {"spread": stepped, "alone": expected, "evaluated": evaluated, "exact": exact}
    return {**tensors, "rate": rate, "said": refusals(folder)}


def refusals(folder: str) -> list[str]:
    """What is said about a reduction that learns, and about tensor parallelism."""
    said = []
    register(reduction=lambda dim, number: lsh_reduction(dim, error_compensation="learned"))
    try:
        one_step(load(folder, "lshmoe"))
    except ValueError as error:
        said.append(str(error))
    try:
        config = DistributedConfig(tp_size=2, ep_size=2, ep_implementation="lshmoe")
        AutoModelForCausalLM.from_pretrained(folder, distributed_config=config)
    except ValueError as error:
        said.append(str(error))
    return said
