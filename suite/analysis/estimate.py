"""A number with its interval."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval, of 95 % confidence where its column says nothing else.

    ``low`` and ``high`` are None where nothing was replicated.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def times(self, factor: float) -> "Estimate":
        """The estimate and its interval multiplied by a positive number."""
        low, high = (None if end is None else factor * end for end in (self.low, self.high))
        return Estimate(factor * self.value, low, high)
