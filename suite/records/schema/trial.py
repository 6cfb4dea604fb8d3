"""What a trial of a study was to be; what it came to stands in its run's record."""

from pydantic import Field

from suite.config.base import NonNegativeInt
from suite.records.schema.base import Part, Record

Value = bool | int | float | str


class Matched(Part):
    """What a target rate became on captured rows: options of the method's reduction, and the rate expected of them.

    What is null is left as the method has it.
    """

    family: str | None = Field(default=None, description="of hash functions")
    num_hashes: NonNegativeInt = Field(description="hash functions")
    coordinates: NonNegativeInt | None = Field(
        default=None, description="kept by a rotation; cross-polytope hashing alone"
    )
    planes: NonNegativeInt | None = Field(
        default=None, description="hyperplanes per function; spherical-plane hashing alone"
    )
    rotation: str | None = Field(default=None, description="kind of random rotation; cross-polytope hashing alone")
    error_compensation: bool | None = Field(default=None, description="whether residuals are kept and added back")
    expected_rate: float = Field(description="rows sent over rows routed, on the captured rows")


class TrialRecord(Record):
    """``sweeps/<study>/trials/<number>/trial.json``."""

    study: str = Field(description="name of the study")
    trial: NonNegativeInt = Field(description="number of the trial within its study")
    setting: dict[str, Value] = Field(description="parameters of the study, by name")
    matched: Matched | None = Field(default=None, description="null unless the setting has a target rate")
    overrides: list[str] = Field(description="the run's configuration, as Hydra overrides")
