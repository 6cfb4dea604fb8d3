"""Made-up but well-formed records, to test everything that reads them without training anything."""

import json
from pathlib import Path
from typing import Any

PHASES = ("counts", "dispatch", "combine", "combine_backward", "dispatch_backward")


def write_run(
    folder: Path, method: str, seed: int = 0, final: float = 100.0, steps: int = 40, rate: float = 1.0, **changes: Any
) -> Path:
    """A run whose perplexity falls linearly from 1000 at step 0 to ``final``; ``changes`` go into its summary."""
    path = folder / "runs" / "gpt_moe" / "text_lm" / method / f"seed{seed}"
    path.mkdir(parents=True)
    lines: list[dict[str, Any]] = []
    for step in range(steps + 1):
        perplexity = 1000 + (final - 1000) * step / steps
        if step:
            lines.append({"event": "train", "step": step, "seconds": 0.5})
        if step % 10 == 0:
            values = {"perplexity": perplexity, "exact_perplexity": perplexity - 1}
            lines.append({"event": "eval", "step": step, **values})
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    summary = {
        "schema": 2,
        "status": "complete",
        "model": "gpt_moe",
        "task": "text_lm",
        "method": method,
        "seed": seed,
        "scale": "nano",
        "cluster": "loopback",
        "steps": steps,
        "data": ["reviews", "speeches"],
        "metric": {"name": "perplexity", "higher_is_better": False},
        "route_padding": True,
        "rows_by_kind": {
            "distinct": {"routed": 600, "sent": round(900 * rate)},
            "repeated": {"routed": 300, "sent": round(100 * rate)},
            "mask": {"routed": 0, "sent": 0},
            "padding": {"routed": 100, "sent": 0},
        },
        "examples_per_second": 32.0,
        "mean_step_seconds": 0.5,
        "peak_memory_bytes": 2**30,
        "final": {"perplexity": final, "exact_perplexity": final - 1},
        "baseline": {"name": "unigram frequencies", "perplexity": 800.0},
        "rate": rate,
        "relative_bytes": 2 * rate,
    }
    (path / "summary.json").write_text(json.dumps(summary | changes))
    return path


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
