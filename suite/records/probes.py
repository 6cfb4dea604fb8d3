"""Probes as data: each record read whole or refused with a reason."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_record
from suite.records.schema.probe import ProbeRecord


@dataclass(frozen=True)
class Probe:
    """One probe; ``comparisons`` holds one row per method, batch and hash seed, with columns ``<quantity>.<error>``."""

    model: str
    task: str
    record: ProbeRecord
    comparisons: pd.DataFrame


def read_probes(folder: Path) -> tuple[list[Probe], list[Invalid]]:
    """Read ``probe/<model>/<task>.json`` below ``folder``: the good ones, and the others with their reasons."""
    probes: list[Probe] = []
    invalid: list[Invalid] = []
    for path in sorted(folder.glob("probe/*/*.json")):
        note(path)
        try:
            probes.append(_read(path))
        except RecordError as error:
            invalid.append(Invalid(path.parts[-2], path.stem, None, path, str(error)))
    return probes, invalid


def _read(path: Path) -> Probe:
    record = read_record(path, ProbeRecord)
    if (record.model, record.task) != (path.parts[-2], path.stem):
        raise RecordError("it names another model or task than its path does")
    frame = pd.json_normalize([line.model_dump() for line in record.comparisons])
    if frame.duplicated(["method", "batch", "hash_seed"]).any():
        raise RecordError("a method, batch and hash seed occurs twice")
    return Probe(record.model, record.task, record, frame)
