"""One rank of a probe: ``python -m suite.measurement.probe_worker ARGUMENTS…``, started by torchrun."""

import io
import os
import sys
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from lshmoe import IdentityReduction, MoELayer, Routing, derive_seed, exact_dispatch, moe_layers
from suite.cluster.launch import leave, reporting_failure
from suite.cluster.member import Member, join
from suite.config.matrix import RATE_OF
from suite.config.method import MethodConfig
from suite.config.seeds import hash_seed
from suite.files import write_atomically
from suite.hosts.model import HostModel
from suite.measurement.contestants import Contestants
from suite.measurement.divergence import Pass, compare, outputs_of, run_pass
from suite.measurement.probe import parse
from suite.measurement.settings import measured_target
from suite.records.environment import describe_ranks
from suite.records.run_folder import RunFolder
from suite.records.schema.base import as_json
from suite.records.schema.probe import ProbeRecord
from suite.records.schema.weights import Weights
from suite.tasks import build_task
from suite.tasks.task import Batch, Task, TextInputs
from suite.training import checkpoint
from suite.training.capture import sample_of
from suite.training.methods import build_exchange, build_reduction
from suite.training.rate_choice import choose, tune
from suite.training.trainer import build_model, half_precision_bytes


def probe(plan: Contestants) -> None:
    """Compare every method with exact dispatch on vanilla's weights, and write the record on rank 0."""
    config, settings = plan.vanilla, plan.vanilla.scale.probe
    member = join(config.cluster)
    task = build_task(config)
    model = build_model(config, task, member).eval()
    step = checkpoint.load_weights(RunFolder.of(config).checkpoints, model).step
    every_batch = task.eval_batches(dist.get_rank(), dist.get_world_size())
    batches = [batch.to(member.device) for batch in islice(every_batch, settings.batches)]
    environment = describe_ranks(member.transport)
    lines: list[dict[str, Any]] = []
    sample: bytes | None = None
    for number, batch in enumerate(batches):
        exact, routing = exact_pass(model, batch, plan)
        rates: dict[str, float] = {}
        for contestant in sorted(plan.configs, key=lambda config: config.method.name in RATE_OF):
            positions: list[float] = []
            for draw in range(settings.hash_seeds if contestant.method.reduction is not None else 1):
                put_on(model, contestant.method, hash_seed(config.root_seed("hash") + draw), member)
                target = measured_target(contestant, moe_layers(model), rates)
                if target is not None and not draw:
                    found = choose(moe_layers(model), target, partial(outputs_of, model, batch, config))
                    positions = [choice.position for choice in found]
                elif target is not None:
                    tune(moe_layers(model), target, positions)
                if number == draw == 0 and contestant.method.name == "lsh":
                    sample = sample_file(task, batch, model, routing, config.capture.rows)
                line = one_line(model, batch, plan, exact)
                lines.append({"method": contestant.method.name, "batch": number, "hash_seed": draw, **line})
                rates.setdefault(contestant.method.name, line["rate"])
        if dist.get_rank() == 0:
            print(f"batch {number + 1} of {len(batches)}: {len(lines)} comparisons", flush=True)
    if dist.get_rank() == 0:
        record = {
            "model": config.model.name,
            "task": config.task.name,
            "scale": config.scale.name,
            "cluster": config.cluster.name,
            "seed": config.seed,
            "data": task.data_record(),
            "weights": Weights(method="vanilla", seed=config.seed, step=step),
            "examples_per_batch": batches[0].examples * dist.get_world_size(),
            "methods": {c.method.name: c.method for c in plan.configs},
            "environment": environment,
            "comparisons": lines,
        }
        if sample is not None:
            write_atomically(plan.record.with_suffix(".npz"), sample)
        write_atomically(plan.record, as_json(ProbeRecord.model_validate(record)))
    dist.barrier()
    dist.destroy_process_group()


def put_on(model: HostModel, method: MethodConfig, seed: int, member: Member) -> None:
    """Set the method of a model's MoE layers. Reductions are seeded by ``seed`` and the layer's name."""
    for layer in moe_layers(model):
        reduction = build_reduction(method, layer.dim, derive_seed(seed, layer.name))
        layer.reduction = IdentityReduction() if reduction is None else reduction.to(member.device)
        layer.exchange = build_exchange(method, member)


def exact_pass(model: HostModel, batch: Batch, plan: Contestants) -> tuple[Pass, Routing]:
    """A pass with exact dispatch, and the routing of its last MoE layer on this rank."""
    seen: list[Routing] = []
    last = moe_layers(model)[-1]
    last.observers.append(seen.append)
    with exact_dispatch(model):
        passed = run_pass(model, batch, plan.vanilla)
    last.observers.pop()
    return passed, seen[0]


def one_line(model: HostModel, batch: Batch, plan: Contestants, exact: Pass) -> dict[str, Any]:
    """Errors, losses, rate and relative bytes of the method that ``model`` has now. Collective."""
    layers = moe_layers(model)
    for layer in layers:
        layer.traffic.reset()
    passed = run_pass(model, batch, plan.vanilla)
    meters = torch.tensor([traffic_of(layer) for layer in layers], dtype=torch.float64).sum(0)
    meters = meters.to(next(model.parameters()).device)
    dist.all_reduce(meters)
    routed, sent, size, half = meters.tolist()
    return {
        "loss": passed.loss,
        "exact_loss": exact.loss,
        "rate": sent / routed,
        "relative_bytes": size / half,
        **compare(passed, exact),
    }


def traffic_of(layer: MoELayer) -> tuple[float, ...]:
    """Rows routed, rows sent, bytes, and bytes of the routed rows on a 16-bit wire."""
    traffic = layer.traffic
    return traffic.rows_routed, traffic.rows_sent, sum(traffic.bytes.values()), half_precision_bytes(layer)


def sample_file(task: Task, batch: Batch, model: HostModel, routing: Routing, rows: int) -> bytes:
    """A sample of the rows that enter the last MoE layer's all-to-all under exact dispatch, as an ``.npz``.

    It holds ``layer`` (its name), ``rows`` float16 ``[S, D]``, ``expert`` int64 ``[S]``, ``cluster`` int64 ``[S]`` by
    the layer's current reduction, and ``token`` ``[S]``, the symbol of each row (empty for images).
    """
    layer = moe_layers(model)[-1]
    assignment_R = layer.reduction(routing.rows_RD, routing.counts_E).assignment_R
    sample = sample_of(replace(routing, assignment_R=assignment_R), rows)
    symbols = token_symbols(task, batch, model, layer)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        layer=np.array(layer.name),
        rows=sample["rows"].numpy().astype(np.float16),
        expert=sample["expert"].numpy(),
        cluster=sample["cluster"].numpy(),
        token=np.array([symbols[place] if symbols else "" for place in sample["token"].tolist()]),
    )
    return buffer.getvalue()


def token_symbols(task: Task, batch: Batch, model: HostModel, layer: MoELayer) -> list[str]:
    """Symbols of a layer's tokens, in the order of its input; empty for images."""
    if not isinstance(task.inputs, TextInputs):
        return []
    name, stream = next((name, stream) for name, stream in model.streams.items() if layer in stream.layers)
    tokens_BT = next(value for key, value in batch.inputs.items() if key.startswith(f"{name}_"))
    flat = (tokens_BT.T if stream.time_first else tokens_BT).flatten().tolist()
    return [task.inputs.dictionary[token] for token in flat]


if __name__ == "__main__":
    rank_plan = parse(sys.argv[1:])
    with reporting_failure(rank_plan.scratch, int(os.environ["RANK"])):
        probe(rank_plan)
    leave()
