"""Settings of runs on a command line: Hydra's ``field=value``, beside lists of names where a command takes them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from suite.cli.words import Words
from suite.config.conf import CONF, GROUPS, choices


def settings(*lists: str) -> Callable[[Any], Any]:
    """The argument ``words`` of a command: settings of runs.

    Args:
        lists: fields that the command takes besides, such as ``methods`` for ``methods=[vanilla,lsh]``.
    """

    def names(incomplete: str, earlier: Sequence[str]) -> list[str]:
        return [*GROUPS, *lists, *_fields(incomplete, earlier)]

    return click.argument("words", nargs=-1, type=Words(names, _values), metavar="[FIELD=VALUE]...")


def _values(field: str) -> list[str]:
    if field in GROUPS:
        return choices(field)
    if field in ("methods", "models"):
        return choices(field.removesuffix("s"))
    if field == "tables":
        from suite import tables

        return tables.names()
    if field == "figures":
        from suite import figures

        return figures.names()
    return []


def _fields(incomplete: str, earlier: Sequence[str]) -> list[str]:
    """Fields of a run, or of the chosen model, task, … once its name and a dot are there."""
    run = _read(CONF / "config.yaml")
    defaults = {group: name for entry in run.pop("defaults") if entry != "_self_" for group, name in entry.items()}
    of_groups = {group: run.pop(group) for group in defaults if group in run}  # what every file of the group has
    group, dot, _ = incomplete.partition(".")
    if not dot or group not in defaults:
        return list(_leaves(run))
    chosen = defaults | dict(word.split("=", 1) for word in earlier if "=" in word)
    values = _read(CONF / group / f"{chosen[group]}.yaml") | of_groups.get(group, {})
    return [f"{group}.{field}" for field in _leaves(values) if field != "defaults"]


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text())) if path.exists() else {}


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Dotted names of all fields that hold no others."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
