"""What every part of a configuration is made of: a strict model, and numbers within bounds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NonNegativeFloat = Annotated[float, Field(ge=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
ScaleName = Literal["nano", "mini", "paper"]


class Strict(BaseModel):
    """Frozen, and no field is accepted that it does not have: a misspelt option can never be ignored silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)
