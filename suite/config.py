"""From overrides on a command line to a validated :class:`~suite.schema.RunConfig`, and to a record and back.

Hydra composes ``suite/conf``, pydantic validates. Nothing here imports torch, so it is cheap to call from anywhere; the
parts that only their own constructors can judge are checked by :func:`suite.methods.check_method`.
"""

import hashlib
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError

from suite.errors import UserError, hint, unknown
from suite.schema import SHAPES, ClusterConfig, RunConfig

CONF = Path(__file__).parent / "conf"
_Options = TypeVar("_Options", bound=BaseModel)
GROUPS = ("model", "task", "method", "scale", "cluster")
_CELL = ("model", "task")


def choices(group: str) -> list[str]:
    """Names that a group (``"method"``, ``"model"``, …) offers: its files."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def compose(overrides: Sequence[str] = ()) -> RunConfig:
    """Compose and validate the configuration of one run.

    A model or a task that is not chosen is that of the first cell of the scale's matrix that agrees with what is.

    Args:
        overrides: Hydra overrides: ``"method=lsh"``, ``"seed=1"``, ``"method.reduction.num_hashes=4"``.

    Raises:
        UserError: one line naming the field, the allowed values and the nearest valid one.
    """
    parsed = [_parse(text) for text in overrides]
    selections = [override for override in parsed if override.key_or_group in GROUPS]
    for override in selections:
        if override.value() not in choices(override.key_or_group):
            raise unknown(override.key_or_group, override.value(), choices(override.key_or_group))
    implied = _implied({override.key_or_group: override.value() for override in selections})
    with _our_files_only():
        defaults = _hydra([*implied, *(override.input_line for override in selections)])
        for override in parsed:
            if override.type is OverrideType.CHANGE:
                _require_path(defaults, override.key_or_group)
        # Choices alone are composed already, and composing is what takes the time.
        chosen = len(selections) == len(parsed)
        composed = defaults if chosen else _hydra([*implied, *(override.input_line for override in parsed)])
    return validate(_resolved(composed))


def validate(values: Any) -> RunConfig:
    """Validate a resolved configuration (nested dicts).

    Raises:
        UserError: naming the first field at fault.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(_first_fault(error)) from None


@cache
def cluster_named(name: str) -> ClusterConfig:
    """A cluster as its file says, whatever runs there.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("cluster", ClusterConfig, yaml.safe_load((CONF / "cluster" / f"{name}.yaml").read_text()))


def parse_options(field: str, model: type[_Options], values: dict[str, Any]) -> _Options:
    """Validate a part of a configuration that only the class it is for knows.

    Raises:
        UserError: naming ``field`` and the option at fault.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UserError(_first_fault(error, model, field)) from None


def to_yaml(config: RunConfig) -> str:
    """The fully resolved configuration as YAML; :func:`from_yaml` reads it back."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def from_yaml(text: str) -> RunConfig:
    """Read and validate what :func:`to_yaml` wrote.

    Raises:
        UserError: if the text is not YAML or not a valid configuration.
    """
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"config.yaml: not valid YAML ({str(error).splitlines()[0]})") from None
    return validate(values)


def config_sha256(config: RunConfig) -> str:
    """SHA-256 of what decides a run's numbers: other scales' sizes, the matrix and the results folder left out."""
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
        "task": {name: value for name, value in task.items() if name not in ("training", "summary")},
        "training": task["training"][scale["name"]],
        "method": {name: value for name, value in method.items() if name != "summary"},
        "scale": scale["name"],
        "cluster": values["cluster"],
    }
    # Only where they are given: a digest is the same as before these fields were there.
    given = {"seeds": values.get("seeds") or {}, "origin": {"seed": (values.get("origin") or {}).get("seed")}}
    for field, settings in given.items():
        decisive |= {field: kept} if (kept := {k: v for k, v in settings.items() if v is not None}) else {}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@contextmanager
def _our_files_only() -> Iterator[None]:
    """Hydra on ``suite/conf``, without what fairseq put into the global store (a ``config`` of its own)."""
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
    """Overrides for model and task where they are not chosen; ``chosen`` are the groups' choices."""
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
    """Refuse an override of a field that does not exist, before Hydra does so without saying which ones do."""
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


def _first_fault(error: ValidationError, model: type[BaseModel] = RunConfig, prefix: str = "") -> str:
    fault = error.errors(include_url=False)[0]
    # Pydantic names the member of a tagged union on the path to a field; a configuration has no such level.
    path = tuple(str(part) for part in fault["loc"] if part not in SHAPES)
    field = ".".join([prefix, *path] if prefix else path)
    if fault["type"] == "extra_forbidden":
        allowed = _fields(model, tuple(str(part) for part in fault["loc"][:-1]))
        return f"{field}: unknown field; allowed: {', '.join(allowed)}{hint(path[-1], allowed)}"
    if fault["type"] == "missing":
        return f"{field}: missing"
    if fault["type"] == "value_error":  # our own validators: their message is complete
        message = str(fault["ctx"]["error"])
        return f"{field}.{message}" if field else message
    expected = str(fault.get("ctx", {}).get("expected", ""))  # "'gloo' or 'nccl'"
    return f"{field}: {fault['msg']}, not {fault['input']!r}{hint(fault['input'], expected.split(chr(39))[1::2])}"


def _fields(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Names of the fields of the model found under ``path``."""
    for step in path:
        if step in SHAPES:
            model = SHAPES[step]
        elif step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation)
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """The pydantic model inside ``Model``, ``list[Model]``, ``dict[str, Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else BaseModel
    return next((m for m in map(_model_in, typing.get_args(annotation)) if m.model_fields), BaseModel)
