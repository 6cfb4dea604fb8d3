"""The parameters that a study may vary, and their Hydra overrides of an ordinary run."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from suite.config.base import NonNegativeInt, Strict
from suite.config.conf import CONF, choices
from suite.errors import unknown

NATIVE = "native"
Value = bool | int | float | str
_HASH = ("family", "num_hashes", "bucket_bits", "rotation", "error_compensation")


def _known(group: str, value: Any) -> Any:
    if value not in choices(group):
        raise ValueError(str(unknown("value", value, choices(group))).removeprefix("value: "))
    return value


class Setting(Strict):
    """One point of a search space. Parameters that are left out keep their values in the method ``lsh``.

    ``bucket_bits`` is the binary logarithm of the buckets per hash function: 2·P buckets for a cross-polytope hash with
    P kept coordinates, 2^planes for a spherical-plane hash. So one parameter serves both families, and no parameter
    depends on another, as samplers and importance require.
    """

    model_config = ConfigDict(populate_by_name=True)

    method: Annotated[str, BeforeValidator(lambda value: _known("method", value))] | None = None
    task: Annotated[str, BeforeValidator(lambda value: _known("task", value))] | None = None
    family: Literal["cross_polytope", "spherical_plane"] | None = None
    num_hashes: int | None = Field(None, ge=1, le=12)
    bucket_bits: int | None = Field(None, ge=1, le=12)
    rotation: Literal["orthogonal", "gaussian", "hd3"] | None = None
    error_compensation: bool | None = None
    wire: str | None = None
    target_rate: float | None = Field(None, gt=0, lt=1)
    seed: NonNegativeInt | None = None
    model_seed: NonNegativeInt | None = Field(None, alias="seeds.model")
    data_seed: NonNegativeInt | None = Field(None, alias="seeds.data")
    hash_seed: NonNegativeInt | None = Field(None, alias="seeds.hash")

    @model_validator(mode="after")
    def _consistent(self) -> "Setting":
        if self.wire is not None and self.wire not in wires():
            raise ValueError(f"wire: {str(unknown('wire', self.wire, wires())).removeprefix('wire: ')}")
        hashing = [name for name in _HASH if getattr(self, name) is not None]
        if self.method is not None and (hashing or self.wire or self.target_rate):
            named = [*hashing, *(name for name in ("wire", "target_rate") if getattr(self, name))]
            raise ValueError(f"method: {self.method} is taken as it is; allowed beside it: task and seeds, not {named}")
        if self.target_rate is not None and (self.num_hashes is not None or self.bucket_bits is not None):
            raise ValueError("target_rate: it chooses num_hashes and bucket_bits; leave these out")
        return self

    def overrides(self) -> list[str]:
        """Hydra overrides of the run; a ``target_rate`` must have been matched before (:mod:`sweeps.matching`)."""
        made = [f"method={self.method or 'lsh'}"]
        # "++" adds or replaces: not every option is in the method's file.
        made += [f"++method.reduction.{name}={_literal(value)}" for name, value in self.reduction().items()]
        if self.wire is not None:
            made.append("method.wire=null")  # else the options of the method's own wire would stay
        if self.wire is not None and self.wire != NATIVE:
            made.append(f"method.wire={_literal(wires()[self.wire])}")
        seeds = {"seed": self.seed, "seeds.model": self.model_seed, "seeds.data": self.data_seed}
        seeds["seeds.hash"] = self.hash_seed
        return made + [f"{name}={value}" for name, value in seeds.items() if value is not None]

    def reduction(self) -> dict[str, Any]:
        """The options of `lshmoe.lsh_reduction` that the setting has."""
        options = {
            "family": self.family,
            "num_hashes": self.num_hashes,
            **self._buckets(),
            "rotation": self.rotation,
            "error_compensation": self.error_compensation,
        }
        return {name: value for name, value in options.items() if value is not None}

    def _buckets(self) -> dict[str, int]:
        if self.bucket_bits is None:
            return {}
        if self.family == "spherical_plane":
            return {"planes": self.bucket_bits}
        return {"coordinates": 2 ** (self.bucket_bits - 1)}


@cache
def wires() -> dict[str, dict[str, Any] | None]:
    """Wires by name: the native one, and those of configured methods without reduction and with the flat exchange."""
    found: dict[str, dict[str, Any] | None] = {NATIVE: None}
    for name in choices("method"):
        method = yaml.safe_load((CONF / "method" / f"{name}.yaml").read_text())
        if method["wire"] is not None and method["reduction"] is None and method["exchange"] is None:
            found[name] = method["wire"]
    return found


def _literal(value: Any) -> str:
    """A value in Hydra's override grammar."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_literal(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)
