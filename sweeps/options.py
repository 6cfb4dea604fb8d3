"""What the commands on studies take: ``name=value`` words, as everywhere in the project."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import PositiveInt

from suite.config.base import NonNegativeInt, Strict
from suite.config.conf import choices
from suite.config.validation import parse_options
from suite.errors import UserError, unknown
from sweeps.folder import StudyFolder

_Options = TypeVar("_Options", bound="Options")


class Options(Strict):
    """Options of every command.

    Attributes:
        study: name of a file of ``sweeps/conf``, or the path of another one.
        scale: at which it runs.
        results: folder of results.
        storage: URL of the study's database; by default, SQLite in the study's folder.
    """

    study: str
    scale: str = "nano"
    results: Path = Path("results")
    storage: str | None = None

    @property
    def folder(self) -> StudyFolder:
        return StudyFolder(self.results, self.scale, Path(self.study).stem)


class WorkOptions(Options):
    """Options of a worker: ``trials`` is the number of trials after which it ends."""

    trials: PositiveInt | None = None


class ConfirmOptions(Options):
    """One candidate and one seed, or all of those left out."""

    candidate: str | None = None
    seed: NonNegativeInt | None = None


def parse(model: type[_Options], words: Sequence[str]) -> _Options:
    """Read a command line.

    Raises:
        UserError: naming the option at fault.
    """
    pairs = [word.split("=", 1) for word in words]
    if any(len(pair) != 2 for pair in pairs):
        bad = next(word for word in words if "=" not in word)
        raise UserError(f"{bad!r}: not an option; write name=value, for instance study=nano_hash")
    options = parse_options("", model, dict(pairs))
    if options.scale not in choices("scale"):
        raise unknown("scale", options.scale, choices("scale"))
    return options
