"""Train a small OLMoE of transformers from scratch on a text file, its experts spread over all ranks, by LSH-MoE.

torchrun --nproc-per-node 2 examples/train_transformers.py TEXT FOLDER
"""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from transformers import AutoModelForCausalLM, OlmoeConfig
from transformers.distributed import DistributedConfig

from lshmoe import lsh_reduction
from lshmoe.integrations.transformers import register

text, folder = Path(sys.argv[1]), Path(sys.argv[2])
dist.init_process_group("gloo" if not torch.cuda.is_available() else "cpu:gloo,cuda:nccl")
rank, world = dist.get_rank(), dist.get_world_size()
if rank == 0:  # a model to start from; yours comes from the hub
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = OlmoeConfig(vocab_size=256, num_experts=8, num_experts_per_tok=2, pad_token_id=0, eos_token_id=0, **sizes)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder / "start")
dist.barrier()

# The three lines that matter: a way to the experts, its name, and what it sent.
dispatch = register(reduction=lambda dim, number: lsh_reduction(dim, seed=number, num_hashes=6, coordinates=4))
spread = DistributedConfig(ep_size=world, fsdp_size=world, ep_implementation="lshmoe")
model = AutoModelForCausalLM.from_pretrained(folder / "start", distributed_config=spread, dtype=torch.float32).train()

optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
data = torch.tensor(list(text.read_bytes()))
draw = torch.Generator().manual_seed(rank)
for step in range(50):
    starts = torch.randint(len(data) - 64, (8,), generator=draw)
    batch = torch.stack([data[start : start + 64] for start in starts]).to(model.device)
    loss = model(input_ids=batch, labels=batch).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if rank == 0 and step % 7 == 0:
        meters = [layer.traffic for layer in dispatch.layers]
        rate = sum(meter.rows_sent for meter in meters) / sum(meter.rows_routed for meter in meters)
        print(f"step {step}  loss {loss.item():.3f}  rows sent {rate:.0%}", flush=True)
        for meter in meters:
            meter.reset()
model.save_pretrained(folder / "trained")
dist.destroy_process_group()
