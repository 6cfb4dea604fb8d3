"""From overrides on a command line to a validated :class:`~suite.config.run.RunConfig`.

Hydra composes ``suite/conf``, pydantic validates. Nothing here imports torch, so calls are cheap. Options that only a
constructor can check are checked by :func:`suite.training.methods.check_method`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from suite.config.cluster import ClusterConfig
from suite.config.conf import CONF, GROUPS, choices
from suite.config.run import RunConfig
from suite.config.validation import parse_options, validate
from suite.errors import UserError, unknown

_CELL = ("model", "task")
_TARGETS = ("target_rate", "target_bytes")


def compose(overrides: Sequence[str] = ()) -> RunConfig:
    """Compose and validate the configuration of one run.

    A model or task that is not given is taken from the first cell of the scale's matrix that agrees with the rest.

    Args:
        overrides: Hydra overrides: ``"method=lsh"``, ``"seed=1"``, ``"method.reduction.num_hashes=4"``.

    Raises:
        UserError: one line naming the field, the allowed values and the nearest valid one.
    """
    parsed = [(text, _parse(text)) for text in overrides]
    selections = [(text, override) for text, override in parsed if override.key_or_group in GROUPS]
    for _, override in selections:
        if override.value() not in choices(override.key_or_group):
            raise unknown(override.key_or_group, override.value(), choices(override.key_or_group))
    implied = _implied({override.key_or_group: override.value() for _, override in selections})
    with _our_files_only():
        defaults = _hydra([*implied, *(text for text, _ in selections)])
        for _, override in parsed:
            if override.type is OverrideType.CHANGE:
                _require_path(defaults, override.key_or_group)
        # Composing is slow, and overrides that only select files are composed already.
        chosen = len(selections) == len(parsed)
        composed = defaults if chosen else _hydra([*implied, *overrides])
    config = validate(_resolved(composed))
    chosen_here = {override.key_or_group for _, override in parsed}
    return config if chosen_here & {f"method.{name}" for name in _TARGETS} else _with_target_of_cell(config)


def _with_target_of_cell(config: RunConfig) -> RunConfig:
    """With the target that the scale's matrix names for this model and task, if the method can have one."""
    if config.method.reduction is None or config.method.has_target:
        return config
    for cell in config.scale.matrix:
        if (cell.model, cell.task) == (config.model.name, config.task.name):
            return config.model_copy(
                update={"method": config.method.model_copy(update={name: getattr(cell, name) for name in _TARGETS})}
            )
    return config


@cache
def cluster_named(name: str) -> ClusterConfig:
    """A cluster as its file describes it.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("cluster", ClusterConfig, yaml.safe_load((CONF / "cluster" / f"{name}.yaml").read_text()))


@contextmanager
def _our_files_only() -> Iterator[None]:
    """Hydra on ``suite/conf``, without the ``config`` that fairseq adds to Hydra's global store."""
    store = ConfigStore.instance()
    everything = store.repo
    store.repo = {name: node for name, node in everything.items() if name in ("hydra", "_dummy_empty_config_.yaml")}
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        store.repo = everything


def _parse(text: str) -> Override:
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException:
        raise UserError(f"{text!r}: not an override; write field=value, for instance method=lsh") from None
    if override.is_sweep_override():
        raise UserError(f"{override.key_or_group}: one run takes one value, not {override.get_value_string()!r}")
    return override


def _implied(chosen: dict[str, Any]) -> list[str]:
    """Overrides for model and task if ``chosen``, the choice by group, lacks them."""
    missing = [group for group in _CELL if group not in chosen]
    if not missing:
        return []
    scale = chosen.get("scale", "nano")
    cells = yaml.safe_load((CONF / "scale" / f"{scale}.yaml").read_text())["matrix"]
    agreeing = (cell for cell in cells if all(chosen.get(group, cell[group]) == cell[group] for group in _CELL))
    cell = next(agreeing, cells[0])
    return [f"{group}={cell[group]}" for group in missing]


def _hydra(overrides: list[str]) -> DictConfig:
    try:
        return hydra_compose("config", overrides)
    except yaml.YAMLError as error:
        raise UserError(f"suite/conf: not valid YAML: {' '.join(str(error).split())}") from None
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(str(error).splitlines()[0]) from None


def _resolved(config: DictConfig) -> Any:
    try:
        return OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(f"{error.full_key}: {str(error).splitlines()[0]}") from None


def _require_path(config: DictConfig, dotted: str) -> None:
    """Refuse an override of an unknown field with the fields that exist; Hydra's own error does not list them."""
    node: Any = config
    walked: list[str] = []
    for key in dotted.split("."):
        where = ".".join(walked)
        if not isinstance(node, DictConfig):
            raise UserError(
                f"{dotted}: {where} is {'not set' if node is None else repr(node)} and has no field {key!r}"
            )
        if key not in node:
            raise unknown(f"{where} field" if where else "field", key, [str(name) for name in node])
        node = node[key]
        walked.append(key)
