"""Made-up but well-formed records, to test everything that reads them without training anything."""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import yaml

from suite.config.digest import values_sha256

ROUTED = {"distinct": 600, "repeated": 300, "mask": 0, "padding": 100}  # per step
PHASES = ("counts", "dispatch", "combine", "combine_backward", "dispatch_backward")


def write_run(
    folder: Path,
    method: str,
    seed: int = 0,
    final: float = 100.0,
    steps: int = 40,
    rate: float = 1.0,
    *,
    model: str = "gpt_moe",
    task: str = "text_lm",
    relative_bytes: float | None = None,
    **changes: Any,
) -> Path:
    """A run whose perplexity falls linearly from 1000 at step 0 to ``final``; ``changes`` go into its summary.

    Without ``relative_bytes`` every row that is sent takes four bytes per number.
    """
    path = folder / "runs" / model / task / method / f"seed{seed}"
    path.mkdir(parents=True)
    sent = {"distinct": round(900 * rate), "repeated": round(100 * rate), "mask": 0, "padding": 0}
    kinds = {kind: {"routed": ROUTED[kind], "sent": sent[kind]} for kind in ROUTED}
    counts = {f"{what}_{kind}": kinds[kind][what] for kind in kinds for what in ("routed", "sent")}
    total = {"rows_routed": 1000, "rows_sent": sum(sent.values()), "half_precision_bytes": 1000}
    total["bytes"] = 2 * total["rows_sent"] if relative_bytes is None else round(1000 * relative_bytes)
    own = crc32(f"{model}/{task}/{method}/{seed}".encode()) / 2**42  # no two runs have the same losses
    lines: list[dict[str, Any]] = []
    for step in range(steps + 1):
        perplexity = 1000 + (final - 1000) * step / steps
        if step:
            loss = 7 - step / steps + own
            lines.append({"event": "train", "step": step, "seconds": 0.5, "loss": loss} | total | counts)
        if step % 10 == 0:
            values = {"perplexity": perplexity, "exact_perplexity": perplexity - 1}
            lines.append({"event": "eval", "step": step, **values})
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = {
        "seed": seed,
        "model": {"name": model, "host": "host", "sizes": {"nano": {}}},
        "task": {"name": task, "training": {"nano": {"steps": steps}}},
        "method": {"name": method},
        "scale": {"name": "nano"},
        "cluster": {"name": "loopback"},
    }
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    summary = {
        "schema": 2,
        "status": "complete",
        "model": model,
        "task": task,
        "method": method,
        "seed": seed,
        "scale": "nano",
        "cluster": "loopback",
        "config_sha256": values_sha256(config),
        "steps": steps,
        "data": ["reviews", "speeches"],
        "metric": {"name": "perplexity", "higher_is_better": False},
        "route_padding": True,
        "rows_by_kind": {
            kind: {what: steps * count for what, count in counts.items()} for kind, counts in kinds.items()
        },
        "examples_per_second": 32.0,
        "mean_step_seconds": 0.5,
        "peak_memory_bytes": 2**30,
        "final": {"perplexity": final, "exact_perplexity": final - 1},
        "baseline": {"name": "unigram frequencies", "perplexity": 800.0},
        "rate": total["rows_sent"] / total["rows_routed"],
        "relative_bytes": total["bytes"] / total["half_precision_bytes"],
    }
    (path / "summary.json").write_text(json.dumps(summary | changes))
    return path


def write_quality(
    folder: Path, metric: str, model: str, task: str, method: str, seed: int, value: float, **changes: Any
) -> None:
    """A run that ends at ``value`` of a metric that rises."""
    asked = {"name": metric, "higher_is_better": True}
    path = write_run(folder, method, seed=seed, final=value, model=model, task=task, metric=asked, **changes)
    for name in ("metrics.jsonl", "summary.json"):
        (path / name).write_text((path / name).read_text().replace("perplexity", metric))


def write_speed(folder: Path, seconds: dict[str, float], rounds: int = 4, steps: int = 2) -> Path:
    """A measurement in which every block of a method took ``seconds[method]``, half of it in all-to-alls."""
    blocks = [
        {
            "round": number,
            "method": method,
            "seconds": duration,
            "phases": {"dispatch": duration / 2, "experts": duration / 8, "experts_backward": duration / 8},
            "rows_routed": 1000,
            "rows_sent": 250 if method == "lsh" else 1000,
            "bytes": 25_000 if method == "lsh" else 100_000,
            "remote_bytes": 12_500 if method == "lsh" else 50_000,
            "inter_server_bytes": 12_500 if method == "lsh" else 50_000,
            "kernel_bytes": None,
            "half_precision_bytes": 50_000,
        }
        for number in range(rounds)
        for method, duration in seconds.items()
    ]
    record = {
        "schema": 2,
        "model": "gpt_moe",
        "task": "text_lm",
        "cluster": "loopback",
        "steps_per_block": steps,
        "weights": "step 40 of vanilla, seed 0",
        "data": ["reviews", "speeches"],
        "servers": 2,
        "all_to_alls": 10,
        "links": [{"name": "loopback", "share": None, "fit": None, "blocks": blocks}],
    }
    path = folder / "speed" / "loopback" / "gpt_moe" / "text_lm.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    return path


def write_probe(folder: Path, errors: dict[str, list[float]], batches: int = 2, **changes: Any) -> Path:
    """A probe in which a method has ``errors[method][draw]`` in every quantity of batch 0, twice that in batch 1."""
    both = [
        {"method": method, "batch": batch, "hash_seed": draw, "error": error * (batch + 1)}
        for batch in range(batches)
        for method, draws in errors.items()
        for draw, error in enumerate(draws)
    ]
    comparisons = [
        {
            **{name: line[name] for name in ("method", "batch", "hash_seed")},
            **{"loss": 3.0 + line["error"], "exact_loss": 3.0},
            **{"rate": 0.25 if line["error"] else 1.0, "relative_bytes": 0.5 if line["error"] else 2.0},
            **{
                quantity: {"relative_error": line["error"], "cosine": 1 - line["error"] ** 2 / 2}
                for quantity in ("layer", "output", "dense_gradient", "expert_gradient")
            },
        }
        for line in both
    ]
    record = {
        "schema": 2,
        "model": "gpt_moe",
        "task": "text_lm",
        "scale": "nano",
        "seed": 0,
        "data": ["reviews", "speeches"],
        "weights": "vanilla, seed 0, step 40",
        "examples_per_batch": 16,
        "methods": {},
        "comparisons": comparisons,
    }
    path = folder / "probe" / "gpt_moe" / "text_lm.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record | changes))
    return path


def write_sample(folder: Path) -> Path:
    """Rows of two tokens far apart, in two clusters and one row alone."""
    rows = np.array([[1.0, 0, 0], [1.1, 0, 0], [-1, 0.1, 0], [-1.1, 0, 0], [0, 3, 0]], dtype=np.float16)
    path = folder / "probe" / "gpt_moe" / "text_lm.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    tokens = np.array(["a", "a", "b", "b", "Ġc"])
    clusters = np.array([0, 0, 1, 1, 2])
    np.savez_compressed(path, layer="decoder.1", rows=rows, expert=np.zeros(5, int), cluster=clusters, token=tokens)
    return path


def write_shares(folder: Path, shares: dict[str, float]) -> Path:
    """Fig. 3's record of one model: three rounds of each variant, whose shares lie 0.01 apart around the given one."""
    record = {
        **{"schema": 2, "model": "gpt_moe", "task": "text_lm", "scale": "nano", "cluster": "lab", "target_share": 0.3},
        **{"top_k": 2, "steps_per_block": 2, "slowdown": 1.9},
        "variants": [_variant(name, share) for name, share in shares.items()],
    }
    path = folder / "shares/lab/gpt_moe.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def _variant(name: str, share: float) -> dict[str, Any]:
    return {
        **{"variant": name, "servers": 4 if "servers" in name else 2, "experts": 16 if "experts" in name else 8},
        **{"all_to_alls": 10, "fit": {"before": {"alpha": 1e-3, "beta": 2e-8}}},
        "blocks": [_block(number, share + 0.01 * (number - 1)) for number in range(3)],
        "open_blocks": [_block(number, 0.1) for number in range(3)],
    }


def _block(number: int, share: float, seconds: float = 0.2) -> dict[str, Any]:
    counts = "rows_routed rows_sent bytes remote_bytes inter_server_bytes half_precision_bytes kernel_bytes".split()
    phases = {"dispatch": share * seconds, "experts": 0.1 * seconds}
    return {"round": number, "method": "vanilla", "seconds": seconds, "phases": phases, **dict.fromkeys(counts, 100)}


ABLATION = [
    {"method": "vanilla"},
    {"family": "cross_polytope", "num_hashes": 6},
    {"family": "cross_polytope", "target_rate": 0.2},
    {"family": "spherical_plane", "target_rate": 0.2},
]


def write_ablation(folder: Path) -> None:
    """Finished trials of Fig. 7's study below ``folder``, which is called like the scale."""
    for number, setting in enumerate(ABLATION):
        trial = folder / "sweeps" / "paper_ablation" / "trials" / str(number)
        method = str(setting.get("method", "lsh"))
        write_run(trial / folder.name, method, final=100.0 + number, rate=0.2, task="sst2_like")
        matched = {"num_hashes": 5, "planes": 2} if "target_rate" in setting else {}
        record = {"trial": number, "setting": setting | {"task": "sst2_like"}, "matched": matched}
        (trial / "trial.json").write_text(json.dumps(record))
