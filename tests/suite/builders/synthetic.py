"""Made-up records for tests of what reads them, made of the models that writers use; nothing is trained."""

from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from suite.config.compose import compose
from suite.config.conf import choices
from suite.config.digest import config_sha256
from suite.config.method import MethodConfig
from suite.config.run import RunConfig
from suite.config.validation import to_yaml
from suite.records.schema.base import as_json
from suite.records.schema.block import Block, Fit, Fits
from suite.records.schema.data import DataSource
from suite.records.schema.environment import Environment, RankEnvironment
from suite.records.schema.metrics import EvalLine, TrainLine
from suite.records.schema.probe import ProbeRecord
from suite.records.schema.shares import SharesRecord
from suite.records.schema.speed import SpeedRecord
from suite.records.schema.summary import Summary
from suite.records.schema.trial import Matched, TrialRecord
from suite.records.schema.weights import Weights

ROUTED = {"distinct": 600, "repeated": 300, "mask": 0, "padding": 100}  # per step
DATA = [DataSource(name="reviews"), DataSource(name="speeches")]
WEIGHTS = Weights(method="vanilla", seed=0, step=40)
ENVIRONMENT = Environment(
    ranks=[
        RankEnvironment(
            **{"git_commit": None, "git_dirty": None, "lock_sha256": None, "python": "3.11", "torch": "2.14"},
            **{"platform": "Linux", "cpu": "made up", "cpu_count": 2, "memory_bytes": 2**33, "threads": 1},
            device="cpu",
        )
    ],
    transport="loopback",
)


def made_up_summary(config: RunConfig, **changes: Any) -> Summary:
    """What a run of ``config`` could have come to, in no step unless ``changes`` say so."""
    values = {
        **{"model": config.model.name, "task": config.task.name, "method": config.method.name, "seed": config.seed},
        **{"seeds": {"model": 0, "data": 0, "hash": 0}, "scale": config.scale.name, "cluster": config.cluster.name},
        **{"config_sha256": config_sha256(config), "git_commit": None, "steps": 0, "data": DATA, "starts_from": None},
        **{"route_padding": True, "metric": {"name": "perplexity", "higher_is_better": False}},
        **{"final": {"perplexity": 100.0}, "baseline": {"name": "unigram", "quality": {"perplexity": 800.0}}},
        **{"rate": None, "rate_schedule": [], "bytes_per_step": None, "relative_bytes": None},
        **{"rows_by_kind": {kind: {"routed": 0, "sent": 0} for kind in ROUTED}, "peak_memory_bytes": 2**30},
        **{"mean_step_seconds": None, "examples_per_second": None},
    }
    return Summary.model_validate(values | changes)


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
    total = {"rows_routed": 1000, "rows_sent": sum(sent.values()), "half_precision_bytes": 1000}
    total["bytes"] = 2 * total["rows_sent"] if relative_bytes is None else round(1000 * relative_bytes)
    counts = total | {f"{what}_{kind}": kinds[kind][what] for kind in kinds for what in ("routed", "sent")}
    own = crc32(f"{model}/{task}/{method}/{seed}".encode()) / 2**42  # no two runs have the same losses
    lines: list[TrainLine | EvalLine] = []
    for step in range(steps + 1):
        perplexity = 1000 + (final - 1000) * step / steps
        if step:
            lines.append(train_line(step, 7 - step / steps + own, **counts))
        if step % 10 == 0:
            values = {"perplexity": perplexity, "exact_perplexity": perplexity - 1}
            lines.append(EvalLine.model_validate({"step": step} | values))
    (path / "metrics.jsonl").write_text("".join(as_json(line, indent=None) for line in lines))
    config = made_up_config(model, task, method, seed, steps)
    (path / "config.yaml").write_text(to_yaml(config))
    (path / "environment.json").write_text(as_json(ENVIRONMENT))
    summary = {
        "steps": steps,
        "rows_by_kind": {
            kind: {what: steps * count for what, count in counts.items()} for kind, counts in kinds.items()
        },
        "examples_per_second": 32.0,
        "mean_step_seconds": 0.5,
        "final": {"perplexity": final, "exact_perplexity": final - 1},
        "baseline": {"name": "unigram frequencies", "quality": {"perplexity": 800.0}},
        "rate": total["rows_sent"] / total["rows_routed"],
        "relative_bytes": total["bytes"] / total["half_precision_bytes"],
        "bytes_per_step": total["bytes"],
    }
    (path / "summary.json").write_text(as_json(made_up_summary(config, **(summary | changes))))
    return path


def made_up_config(model: str, task: str, method: str, seed: int, steps: int) -> RunConfig:
    """The nano run of other names."""
    base = _base()
    training = base.training.model_copy(update={"steps": steps})
    parts = {
        "seed": seed,
        "model": base.model.model_copy(update={"name": model}),
        "task": base.task.model_copy(update={"name": task, "training": {"nano": training}}),
        "method": _method(method),
    }
    return base.model_copy(update=parts)


@cache
def _base() -> RunConfig:
    return compose(["scale=nano"])


def train_line(step: int, loss: float = 7.0, **counts: int) -> TrainLine:
    """A step of half a second; what ``counts`` leave out is 0."""
    values = dict.fromkeys(TrainLine.model_fields.keys() - {"event", "held"}, 0)
    known = {"step": step, "seconds": 0.5, "all_to_all_seconds": 0.1, "loss": loss, "balance_loss": 1.0, "targets": 100}
    return TrainLine.model_validate(values | known | counts)


def write_quality(
    folder: Path, metric: str, model: str, task: str, method: str, seed: int, value: float, **changes: Any
) -> None:
    """A run that ends at ``value`` of a metric that rises."""
    asked = {"name": metric, "higher_is_better": True}
    path = write_run(folder, method, seed=seed, final=value, model=model, task=task, metric=asked, **changes)
    for name in ("metrics.jsonl", "summary.json"):
        (path / name).write_text((path / name).read_text().replace("perplexity", metric))


def write_speed(
    folder: Path, seconds: dict[str, float], rounds: int = 4, steps: int = 2, reference: str = "vanilla"
) -> Path:
    """A measurement in which every block of a method took ``seconds[method]``, half of it in all-to-alls."""
    sizes = {"lsh": 25_000, "bf16": 50_000}
    blocks = [
        Block(
            round=number,
            position=position,
            method=method,
            seconds=duration,
            phases={"dispatch": duration / 2, "experts": duration / 8, "experts_backward": duration / 8},
            rows_routed=1000,
            rows_sent=250 if method == "lsh" else 1000,
            bytes=sizes.get(method, 100_000),
            remote_bytes=sizes.get(method, 100_000) // 2,
            inter_server_bytes=sizes.get(method, 100_000) // 2,
            kernel_bytes=None,
            half_precision_bytes=50_000,
        )
        for number in range(rounds)
        for position, (method, duration) in enumerate(seconds.items())
    ]
    record = {
        **_measured("loopback", steps_per_block=steps, warmup_steps=1, servers=2, all_to_alls=10),
        "reference": reference,
        "methods": {name: _method(name) for name in seconds},
        "links": [{"name": "loopback", "share": None, "fit": None, "blocks": blocks}],
    }
    return _write(folder / "speed/loopback/gpt_moe/text_lm.json", SpeedRecord.model_validate(record))


def write_probe(folder: Path, errors: dict[str, list[float]], batches: int = 2) -> Path:
    """A probe in which a method has ``errors[method][draw]`` in every quantity of batch 0, twice that in batch 1."""
    comparisons = [
        _comparison(method, batch, draw, error * (batch + 1))
        for batch in range(batches)
        for method, draws in errors.items()
        for draw, error in enumerate(draws)
    ]
    record = {
        **_measured("loopback", examples_per_batch=16),
        "methods": {name: _method(name) for name in errors},
        "comparisons": comparisons,
    }
    return _write(folder / "probe/gpt_moe/text_lm.json", ProbeRecord.model_validate(record))


def _comparison(method: str, batch: int, draw: int, error: float) -> dict[str, Any]:
    quantities = ("layer", "output", "dense_gradient", "expert_gradient")
    return {
        **{"method": method, "batch": batch, "hash_seed": draw, "loss": 3.0 + error, "exact_loss": 3.0},
        **{"rate": 0.25 if error else 1.0, "relative_bytes": 0.5 if error else 2.0},
        **{quantity: {"relative_error": error, "cosine": 1 - error**2 / 2} for quantity in quantities},
    }


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
    named = _measured("lab", target_share=0.3, top_k=2, steps_per_block=2, slowdown=1.9)
    del named["data"], named["environment"]
    record = named | {"variants": [_variant(name, share) for name, share in shares.items()]}
    return _write(folder / "shares/lab/gpt_moe.json", SharesRecord.model_validate(record))


def _variant(name: str, share: float) -> dict[str, Any]:
    return {
        **{"variant": name, "servers": 4 if "servers" in name else 2, "experts": 16 if "experts" in name else 8},
        **{"all_to_alls": 10, "fit": Fits(before=Fit(alpha=1e-3, beta=2e-8, points=[]))},
        "blocks": [_block(number, share + 0.01 * (number - 1)) for number in range(3)],
        "open_blocks": [_block(number, 0.1) for number in range(3)],
        "environment": ENVIRONMENT,
    }


def _block(number: int, share: float, seconds: float = 0.2) -> Block:
    counts = "rows_routed rows_sent bytes remote_bytes inter_server_bytes half_precision_bytes kernel_bytes".split()
    phases = {"dispatch": share * seconds, "experts": 0.1 * seconds}
    return Block(
        round=number, position=0, method="vanilla", seconds=seconds, phases=phases, **dict.fromkeys(counts, 100)
    )


ABLATION: list[dict[str, Any]] = [
    {"method": "vanilla"},
    {"family": "cross_polytope", "num_hashes": 6},
    {"family": "cross_polytope", "target_rate": 0.2},
    {"family": "spherical_plane", "target_rate": 0.2},
]


def write_ablation(folder: Path) -> None:
    """Finished trials of Fig. 7's study below ``folder``, which is called like the scale."""
    for number, setting in enumerate(ABLATION):
        trial = folder / "sweeps" / "paper_ablation" / "trials" / str(number)
        write_run(
            trial / folder.name,
            setting.get("method", "lsh"),
            final=100.0 + number,
            rate=0.2,
            task="sst2_like",
        )
        matched = Matched(num_hashes=5, planes=2, expected_rate=0.2) if "target_rate" in setting else None
        write_trial(trial, number, setting | {"task": "sst2_like"}, matched)


def write_trial(place: Path, number: int, setting: dict[str, Any], matched: Matched | None = None) -> Path:
    """What a trial of the study ``paper_ablation`` was to be."""
    record = TrialRecord(study="paper_ablation", trial=number, setting=setting, matched=matched, overrides=[])
    return _write(place / "trial.json", record)


def _measured(cluster: str, **own: Any) -> dict[str, Any]:
    """What measurements have in common, and this one's ``own``."""
    names = {"model": "gpt_moe", "task": "text_lm", "scale": "nano", "cluster": cluster, "seed": 0}
    return names | {"data": DATA, "weights": WEIGHTS, "environment": ENVIRONMENT} | own


@cache
def _method(name: str) -> MethodConfig:
    """The configured method of that name, or one that sends all rows."""
    if name in choices("method"):
        return compose([f"method={name}"]).method
    return MethodConfig(name=name, summary="made up", reduction=None, wire=None, exchange=None)


def _write(path: Path, record: SpeedRecord | ProbeRecord | SharesRecord | TrialRecord) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(record))
    return path
