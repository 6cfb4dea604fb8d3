"""Run every job of one card within a time budget, append a JSON line for each, and go on where a file ends."""

import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from suite.card import ceilings, correctness
from suite.card.layers import layer
from suite.card.methods import METHODS
from suite.card.shapes import PAPER, Shape
from suite.card.steps import step

# Parts of the tokens that are distinct: about the rates at which rows are sent once they are hashed.
DISTINCT = (0.1, 0.2, 0.4)


@dataclass(frozen=True)
class Job:
    """A measurement: ``work`` gives the numbers of the line that ``key`` identifies."""

    key: dict[str, Any]
    work: Callable[[], dict[str, Any]]


def jobs(device: torch.device, shapes: tuple[Shape, ...]) -> Iterator[Job]:
    """All of them, the ones that others rest on first: ceilings, correctness, whole steps, layers."""
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    yield Job({"job": "copy"}, partial(ceilings.copy, device))
    for name, dtype in dtypes.items():
        yield Job({"job": "matmul", "dtype": name}, partial(ceilings.matmul, device, dtype))
    yield Job({"job": "launch"}, partial(ceilings.launch, device))
    yield Job({"job": "sync"}, partial(ceilings.sync, device))
    yield Job({"job": "hash codes"}, partial(correctness.hash_errors, device))
    yield Job({"job": "clusters"}, partial(correctness.cluster_errors, device))
    for name, dtype in dtypes.items():
        for method in METHODS:
            if method != "kmeans":  # its clusters hang on the last bit of distances
                checked = {"job": "correctness", "method": method, "dtype": name}
                yield Job(checked, partial(correctness.layer_errors, method, device, dtype))
    for job, measure in (("step", step), ("layer", layer)):
        for shape in shapes:
            for method in METHODS:
                for distinct in DISTINCT if job == "layer" and METHODS[method].reduces else (0.2,):
                    key: dict[str, Any] = {"job": job, "shape": shape.as_json(), "method": method, "distinct": distinct}
                    yield Job(key, partial(measure, shape, method, distinct, device, torch.bfloat16))


def card(device: torch.device) -> dict[str, Any]:
    """What the numbers were measured on."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else platform.processor() or platform.machine(),
        "memory_bytes": torch.cuda.get_device_properties(device).total_memory if cuda else None,
        "cuda": torch.version.cuda if cuda else None,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def run(out: Path, device: torch.device, shapes: tuple[Shape, ...], budget: float) -> int:
    """Append a line per job to ``out``; returns how many jobs are left.

    A job that fails leaves a line with its ``error``, and the next one runs. A cut last line is measured again.
    """
    began, done = time.monotonic(), _done(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    measured_on, left = card(device), 0
    with out.open("a") as file:
        for job in jobs(device, shapes):
            key = measured_on | job.key
            if json.dumps(key, sort_keys=True) in done:
                continue
            if time.monotonic() - began > budget:
                left += 1
                continue
            try:
                found = job.work()
            except (RuntimeError, ValueError) as error:  # out of memory is a RuntimeError
                found = {"error": str(error).splitlines()[0]}
            gc.collect()
            if device.type == "cuda":
                torch.cuda.empty_cache()
            file.write(json.dumps({"key": key, "found": found}) + "\n")
            file.flush()
            print(f"{time.monotonic() - began:6.1f} s  {_short(job.key)}  {_short(found)}", flush=True)
    return left


def _done(out: Path) -> set[str]:
    if not out.exists():
        return set()
    text = out.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        out.write_text(whole)
    return {json.dumps(json.loads(line)["key"], sort_keys=True) for line in whole.splitlines()}


def _short(values: dict[str, Any]) -> str:
    words = []
    for name, value in values.items():
        if isinstance(value, dict):
            value = value.get("name") or " ".join(f"{key} {part:.3g}" for key, part in value.items())
        words.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(words)


def main() -> None:
    """The command line of ``make gpu``."""
    parser = argparse.ArgumentParser(prog="python -m suite.card.run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/card.jsonl"), help="appended to; read to go on")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cpu rehearses small shapes")
    parser.add_argument("--seconds", type=float, default=600, help="start no job after this many")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("error: device: no CUDA GPU here; DEVICE=cpu rehearses the same jobs on small shapes")
    shapes = PAPER if given.device == "cuda" else tuple(shape.shrunk() for shape in PAPER)
    left = run(given.out, torch.device(given.device), shapes, given.seconds)
    print(f"{given.out}: {f'{left} jobs are left; run it again to go on' if left else 'complete'}")


if __name__ == "__main__":
    main()
