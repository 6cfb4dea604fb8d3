"""How the number of rows that a reduction sends is chosen: one knob, from coarse to fine."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Tunable(Protocol):
    """A reduction that can send more or fewer rows.

    Its knob orders a family of settings by how many rows they send. A reduction without one sends what it sends, and
    can be compared with others at no other rate.
    """

    @property
    def setting(self) -> Mapping[str, float]:
        """The options that the knob sets, by name, as they are now."""
        ...

    def tune(self, position: float) -> None:
        """Take the setting at ``position``: 0 is the coarsest, 1 the finest.

        On the same rows, a finer setting sends more rows, or as many. What else the reduction holds (seeds, counts of
        calls, parameters) stays, and so does the setting of a position: it depends on nothing that happened before.
        """
        ...
