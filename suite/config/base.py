"""Building blocks of configurations: a strict model, and bounded numbers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NonNegativeFloat = Annotated[float, Field(ge=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
ScaleName = Literal["nano", "mini", "paper"]


class Strict(BaseModel):
    """A frozen model that refuses unknown fields, so that a misspelt option is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
