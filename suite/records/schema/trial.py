"""What a trial of a study was to be; what it came to stands in its run's record."""

from pydantic import Field

from suite.config.base import NonNegativeInt
from suite.records.schema.base import Part, Record

Value = bool | int | float | str


class Matched(Part):
    """What a target rate became on captured rows: options of the method's reduction, and the rate expected of them.

    What is null is left as the method has it.
    """

    family: str | None = Field(None, description="of hash functions")
    num_hashes: NonNegativeInt = Field(description="hash functions")
    coordinates: NonNegativeInt | None = Field(None, description="kept by a rotation; cross-polytope hashing alone")
    planes: NonNegativeInt | None = Field(None, description="hyperplanes per function; spherical-plane hashing alone")
    rotation: str | None = None
    error_compensation: bool | None = None
    expected_rate: float = Field(description="rows sent over rows routed, on the captured rows")


class TrialRecord(Record):
    """``sweeps/<study>/trials/<number>/trial.json``."""

    study: str
    trial: NonNegativeInt = Field(description="number of the trial within its study")
    setting: dict[str, Value] = Field(description="parameters of the study, by name")
    matched: Matched | None = Field(None, description="null unless the setting has a target rate")
    overrides: list[str] = Field(description="the run's configuration, as Hydra overrides")
