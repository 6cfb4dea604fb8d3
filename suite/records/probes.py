"""Records of probes as data: each read whole or refused with a reason, and what tables and figures take from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from suite.records.evidence import Invalid
from suite.records.reading import RecordError, json_object, require
from suite.records.vocabulary import COMPARED

PROBE_KEYS = tuple("schema model task scale seed data weights examples_per_batch methods comparisons".split())
COMPARISON_KEYS = tuple("method batch hash_seed loss exact_loss rate relative_bytes".split())
ERRORS = ("relative_error", "cosine")


@dataclass(frozen=True)
class Probe:
    """One probe; ``comparisons`` holds one row per method, batch and hash seed, with columns ``<quantity>.<error>``."""

    model: str
    task: str
    record: dict[str, Any]
    comparisons: pd.DataFrame


def read_probes(folder: Path) -> tuple[list[Probe], list[Invalid]]:
    """Read ``probe/<model>/<task>.json`` below ``folder``: the good ones, and the others with their reasons."""
    probes, invalid = [], []
    for path in sorted(folder.glob("probe/*/*.json")):
        try:
            probes.append(_read(path))
        except RecordError as error:
            invalid.append(Invalid(path.parts[-2], path.stem, None, path, str(error)))
    return probes, invalid


def _read(path: Path) -> Probe:
    record = json_object(path.read_text(), path.name)
    require(record, PROBE_KEYS, path.name)
    if (record["model"], record["task"]) != (path.parts[-2], path.stem):
        raise RecordError("it names another model or task than its path does")
    for line in record["comparisons"]:
        require(line, (*COMPARISON_KEYS, *COMPARED), path.name)
        for quantity in COMPARED:
            require(line[quantity], ERRORS, f"{path.name}, {quantity}")
    frame = pd.json_normalize(record["comparisons"])
    if frame.empty or frame.duplicated(["method", "batch", "hash_seed"]).any():
        raise RecordError("a method, batch and hash seed occurs twice, or none occurs")
    return Probe(record["model"], record["task"], record, frame)
