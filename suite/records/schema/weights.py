"""The weights that a measurement was made with."""

from pydantic import Field

from suite.config.base import NonNegativeInt
from suite.records.schema.base import Part, Seed


class Weights(Part):
    """Those of a run after some step; step 0 is untrained. Printed as ``vanilla, seed 0, step 80``."""

    method: str = Field(description="of the run that made the weights")
    seed: Seed
    step: NonNegativeInt = Field(description="training steps taken; 0 is untrained")

    def __str__(self) -> str:
        return f"{self.method}, seed {self.seed}, step {self.step}" if self.step else "untrained"
