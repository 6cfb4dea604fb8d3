"""Everything that the results of one scale say of runs and step times, read when it is asked for."""

from functools import cached_property
from pathlib import Path

from suite.records.reading import Invalid
from suite.records.runs import Run, read_runs
from suite.records.speeds import Speed, read_speeds

__all__ = ["Evidence", "Invalid", "Run", "Speed", "read_evidence"]


class Evidence:
    """Records below ``folder``. Runs and step times are read apart, each once, so that who needs one notes no other.

    Attributes:
        folder: ``results/<scale>``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def runs(self) -> list[Run]:
        """Valid runs, in order of their paths."""
        return self._runs[0]

    @property
    def speeds(self) -> list[Speed]:
        """Valid measurements of step times, one per link."""
        return self._speeds[0]

    @property
    def invalid_runs(self) -> list[Invalid]:
        """Runs that cannot be used."""
        return self._runs[1]

    @property
    def invalid_speeds(self) -> list[Invalid]:
        """Measurements of step times that cannot be used."""
        return self._speeds[1]

    @property
    def invalid(self) -> list[Invalid]:
        """Whatever cannot be used."""
        return self.invalid_runs + self.invalid_speeds

    @cached_property
    def _runs(self) -> tuple[list[Run], list[Invalid]]:
        return read_runs(self.folder)

    @cached_property
    def _speeds(self) -> tuple[list[Speed], list[Invalid]]:
        return read_speeds(self.folder)


def read_evidence(folder: Path) -> Evidence:
    """The records of runs and step times below ``folder``; none is opened before it is asked for."""
    return Evidence(folder)
