"""The two parts of every data set."""

from typing import Literal

Part = Literal["train", "held_out"]

PARTS: tuple[Part, ...] = ("train", "held_out")
