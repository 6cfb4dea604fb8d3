"""Measured step times as data: each record read whole or refused with a reason."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from suite.records.consistency import check_blocks
from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_record
from suite.records.schema.block import Block, Fits
from suite.records.schema.speed import SpeedRecord
from suite.records.state import state_of_files


@dataclass(frozen=True)
class Speed:
    """One paired measurement on one link: ``blocks`` holds one row per block.

    Attributes:
        cluster: name of the link.
        share: of all-to-all that the link was set for; ``None`` for a network as it is.
        fit: the link's; ``None`` where no link was fitted.
        record: the file's.
        path: the file.
    """

    model: str
    task: str
    cluster: str
    share: float | None
    fit: Fits | None
    record: SpeedRecord
    blocks: pd.DataFrame
    path: Path


def read_speeds(folder: Path) -> tuple[list[Speed], list[Invalid]]:
    """Read ``speed/<cluster>/<model>/<task>.json`` below ``folder``: the good ones, and the others with their reasons.

    A process reads a record once and again only when it has changed.
    """
    speeds: list[Speed] = []
    invalid: list[Invalid] = []
    for path in sorted(folder.glob("speed/*/*/*.json")):
        note(path)
        found = _speeds_or_fault(path, state_of_files(path.parent, (path.name,)))
        if isinstance(found, Invalid):
            invalid.append(found)
        else:
            speeds += found
    return speeds, invalid


@lru_cache(maxsize=10_000)
def _speeds_or_fault(path: Path, state: tuple[object, ...]) -> tuple[Speed, ...] | Invalid:
    try:
        return tuple(_read(path))
    except RecordError as error:
        return Invalid(path.parts[-2], path.stem, None, path, str(error))


def _read(path: Path) -> list[Speed]:
    record = read_record(path, SpeedRecord)
    if (record.cluster, record.model, f"{record.task}.json") != path.parts[-3:]:
        raise RecordError("it names another measurement than its path does")
    return [
        Speed(
            record.model,
            record.task,
            link.name,
            link.share,
            link.fit,
            record,
            _frame(link.blocks, record.reference),
            path,
        )
        for link in record.links
    ]


def _frame(measured: list[Block], reference: str) -> pd.DataFrame:
    blocks = pd.DataFrame([vars(block) for block in measured])
    if blocks.empty or (blocks.groupby(["round", "method"]).size() != 1).any():
        raise RecordError("a round does not hold each method once")
    if (blocks.groupby("method").size() != blocks["round"].nunique()).any() or blocks["round"].nunique() < 2:
        raise RecordError("fewer than two whole rounds")
    if reference not in set(blocks["method"]):
        raise RecordError(f"{reference}, which every ratio is relative to, was not measured")
    check_blocks(blocks)
    return blocks
