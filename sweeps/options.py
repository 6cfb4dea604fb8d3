"""Command lines of this package: ``name=value`` words, as everywhere in the project."""

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import optuna
from optuna.exceptions import ExperimentalWarning
from pydantic import PositiveInt

from suite.config.base import Strict
from suite.config.compose import choices
from suite.config.validation import parse_options
from suite.errors import UserError, exit_on_error, unknown
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


def command(main: Callable[[list[str]], None]) -> None:
    """Entry point of a command."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", ExperimentalWarning)  # heartbeats are experimental, and pinned
    with exit_on_error():
        main(sys.argv[1:])
