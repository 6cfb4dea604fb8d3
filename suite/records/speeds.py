"""Measured step times as data: each record read whole or refused with a reason."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from suite.records.consistency import check_blocks
from suite.records.opened import note
from suite.records.reading import Invalid, RecordError, read_record
from suite.records.schema.block import Block, Fits
from suite.records.schema.speed import SpeedRecord, TimedLink
from suite.records.state import state_of_files


@dataclass(frozen=True)
class Speed:
    """One paired measurement on one link: ``blocks`` holds one row per block, with the ``session`` that it is from.

    Attributes:
        cluster: name of the link.
        share: of all-to-all that the link was set for; ``None`` for a network as it is.
        fits: the link's, one per session; empty where no link was fitted.
        record: the file's.
        path: the file.
    """

    model: str
    task: str
    cluster: str
    share: float | None
    fits: tuple[Fits, ...]
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
    by_name: dict[str, list[TimedLink]] = {}
    for link in record.links:
        by_name.setdefault(link.name, []).append(link)
    return [_speed(record, links, path) for links in by_name.values()]


def _speed(record: SpeedRecord, links: list[TimedLink], path: Path) -> Speed:
    """What all sessions measured on one link."""
    first, sessions = links[0], [link.session for link in links]
    if len(set(sessions)) < len(sessions) or any(link.share != first.share for link in links):
        raise RecordError(f"link {first.name} is measured twice in a session, or set for several shares")
    blocks = pd.concat([_frame(link.blocks).assign(session=link.session) for link in links], ignore_index=True)
    if (blocks.groupby("method")["session"].nunique() != len(links)).any():
        raise RecordError("a session lacks a method")
    fits = tuple(link.fit for link in links if link.fit is not None)
    return Speed(record.model, record.task, first.name, first.share, fits, record, blocks, path)


def _frame(measured: list[Block]) -> pd.DataFrame:
    blocks = pd.DataFrame([vars(block) for block in measured])
    if blocks.empty or (blocks.groupby(["round", "method"]).size() != 1).any():
        raise RecordError("a round does not hold each method once")
    if (blocks.groupby("method").size() != blocks["round"].nunique()).any() or blocks["round"].nunique() < 2:
        raise RecordError("fewer than two whole rounds")
    if "vanilla" not in set(blocks["method"]):
        raise RecordError("vanilla, which every ratio is relative to, was not measured")
    check_blocks(blocks)
    return blocks
