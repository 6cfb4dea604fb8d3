"""SHA-256 of the part of a configuration that decides a run's numbers."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from suite.config.arguments import FOLDERS
from suite.config.run import RunConfig


def config_sha256(config: RunConfig) -> str:
    """SHA-256 of what decides a run's numbers, without other scales' sizes, the matrix and the results folder."""
    return values_sha256(config.model_dump(mode="json"))


def values_sha256(values: Mapping[str, Any]) -> str:
    """:func:`config_sha256` of a configuration as plain values: a record's, by the fields that it has.

    Raises:
        KeyError: a field is missing.
    """
    scale, model, task, method = (values[name] for name in ("scale", "model", "task", "method"))
    decisive = {
        "seed": values["seed"],
        "model": {"name": model["name"], "host": model["host"], "size": model["sizes"][scale["name"]]},
        "task": {name: _placeless(value) for name, value in task.items() if name not in ("training", "summary")},
        "training": task["training"][scale["name"]],
        "method": {name: value for name, value in method.items() if name != "summary" and not _unset(name, value)},
        "scale": scale["name"],
        "cluster": values["cluster"],
    }
    # Only if given, so that digests of runs without these fields stay the same.
    given = {"seeds": values.get("seeds") or {}, "origin": {"seed": (values.get("origin") or {}).get("seed")}}
    for field, settings in given.items():
        decisive |= {field: kept} if (kept := {k: v for k, v in settings.items() if v is not None}) else {}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _unset(name: str, value: Any) -> bool:
    """Whether this is a field about targets without one: runs from before these fields have the same digest."""
    return name in ("target_rate", "target_bytes", "per_layer") and not value


def _placeless(value: Any) -> Any:
    """Without where data lie on a machine, which decides nothing: their contents are on record."""
    return {name: v for name, v in value.items() if name not in FOLDERS} if isinstance(value, Mapping) else value
