"""Hardware sheets: ``suite/conf/hardware.yaml``, validated. All numbers come from data sheets, none is measured."""

from functools import cache

import yaml
from pydantic import Field, PositiveFloat, RootModel

from suite.config.base import Strict
from suite.config.conf import CONF
from suite.config.validation import parse_options

SHEETS = CONF / "hardware.yaml"


class Hardware(Strict):
    """A GPU; the servers and networks around it are those of ``suite/conf/targets.yaml``."""

    title: str
    memory_gib: PositiveFloat
    flops: PositiveFloat = Field(description="peak FLOP/s of one GPU, half precision, dense")
    nvlink_bytes: PositiveFloat = Field(description="bytes/s one way from one GPU to its server's others")
    source: str

    @property
    def memory(self) -> float:
        """Bytes."""
        return self.memory_gib * 2**30


class _Sheets(RootModel[dict[str, Hardware]]):
    pass


@cache
def hardware() -> dict[str, Hardware]:
    """All sheets by name.

    Raises:
        UserError: naming the field at fault.
    """
    return parse_options("hardware", _Sheets, yaml.safe_load(SHEETS.read_text())).root
