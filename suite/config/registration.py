"""What was fixed before the runs it speaks of: ``suite/conf/evidence.yaml`` as data, validated."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field, PositiveFloat

from suite.config.base import Strict
from suite.config.conf import CONF, choices
from suite.config.validation import parse_options
from suite.errors import UserError, unknown

EVIDENCE = CONF / "evidence.yaml"


def _one_of(group: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in choices(group):
            raise ValueError(f"unknown {group} {name!r}; allowed: {', '.join(choices(group))}")
        return name

    return AfterValidator(check)


MethodName = Annotated[str, _one_of("method")]


class Margin(Strict):
    """The largest difference of a metric that counts as none."""

    value: PositiveFloat = Field(description="a fraction of a share; of a perplexity, a difference of its logarithm")
    because: str = Field(description="the reason, from the paper's own differences and from what the seeds can decide")


class Contrast(Strict):
    """The cell of a primary comparison."""

    scale: Annotated[str, _one_of("scale")]
    model: Annotated[str, _one_of("model")]
    task: Annotated[str, _one_of("task")]
    metric: str = Field(description="of `margins`; the one that runs of the task are compared by")
    seeds: int = Field(ge=2, description="how many are run, no more and no fewer")
    registered: date


class Registration(Strict):
    """All margins and primary comparisons, and what these have in common.

    Attributes:
        power: the chance that an equal method is found to be equal, from which the number of seeds follows.
        bytes_tolerance: how far, relatively, two methods' bytes may lie apart and count as equal.
        stopping_rule: when a cell is looked at.
    """

    power: float = Field(gt=0.5, lt=1)
    bytes_tolerance: float = Field(gt=0, lt=1)
    stopping_rule: str
    methods: list[MethodName] = Field(min_length=1)
    reference: MethodName
    controls: list[MethodName] = Field(min_length=1, description="methods that must come out worse")
    relative_bytes: PositiveFloat = Field(description="bytes of methods and controls over those of a 16-bit wire")
    margins: dict[str, Margin]
    contrasts: dict[str, Contrast]

    def margin(self, metric: str) -> float:
        """The margin of a metric.

        Raises:
            UserError: it has none.
        """
        if metric not in self.margins:
            raise unknown("evidence.margins", metric, self.margins)
        return self.margins[metric].value

    def contrast(self, scale: str, model: str, task: str) -> Contrast | None:
        """The comparison that was registered for a cell, if any was."""
        cell = (scale, model, task)
        return next((one for one in self.contrasts.values() if (one.scale, one.model, one.task) == cell), None)


@cache
def registration(path: Path = EVIDENCE) -> Registration:
    """Read and validate the registration.

    Raises:
        UserError: naming the field at fault.
    """
    found = parse_options("evidence", Registration, yaml.safe_load(path.read_text()))
    seen: dict[tuple[str, str, str], str] = {}
    for name, one in found.contrasts.items():
        if one.metric not in found.margins:
            raise unknown(f"evidence.contrasts.{name}.metric", one.metric, found.margins)
        first = seen.setdefault((one.scale, one.model, one.task), name)
        if first != name:
            raise UserError(f"evidence.contrasts.{name}: the same cell as {first}; register a cell once")
    return found
