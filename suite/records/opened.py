"""Readers note the records that they open; whoever makes something of them learns which these were."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_NOTED: ContextVar[tuple[set[Path], ...]] = ContextVar("noted", default=())


@contextmanager
def noting() -> Iterator[set[Path]]:
    """Yield a set that gains every record noted inside: files, and folders of runs. One may lie within another."""
    opened: set[Path] = set()
    token = _NOTED.set((*_NOTED.get(), opened))
    try:
        yield opened
    finally:
        _NOTED.reset(token)


def note(path: Path) -> None:
    """Say that a record is used, also where a cache had it: for readers."""
    for opened in _NOTED.get():
        opened.add(path)
