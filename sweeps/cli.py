"""``lshmoe-bench study`` and ``lshmoe-bench list studies``."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from suite.cli import listing
from suite.cli.base import Group
from suite.cli.words import Words
from suite.config.conf import choices, summary

if TYPE_CHECKING:
    from sweeps.options import Options

    _Options = TypeVar("_Options", bound=Options)

CONF = Path(__file__).parent / "conf"


def _options(*more: str) -> Callable[[Any], Any]:
    """The argument ``words`` of a command on a study, with ``more`` names beside those that all commands take."""

    def names(incomplete: str, earlier: Sequence[str]) -> Iterable[str]:
        return ("study", "scale", "results", *more)

    def values(name: str) -> Iterable[str]:
        return _studies() if name == "study" else choices("scale") if name == "scale" else ()

    return click.argument(
        "words", nargs=-1, required=True, type=Words(names, values), metavar="study=NAME [NAME=VALUE]..."
    )


def _studies() -> list[str]:
    return sorted(path.stem for path in CONF.glob("*.yaml"))


def _parsed(model: "type[_Options]", words: Sequence[str]) -> "_Options":
    """The options of a command, which from here on hears nothing from Optuna."""
    from sweeps.options import parse

    _quieten_optuna()
    return parse(model, words)


def _quieten_optuna() -> None:
    import optuna
    from optuna.exceptions import ExperimentalWarning

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", ExperimentalWarning)  # heartbeats are experimental, and pinned


@listing.command.command("studies", examples=["list studies"])
def list_studies() -> None:
    """List the studies of sweeps/conf."""
    listing.show({name: summary(CONF / f"{name}.yaml") for name in _studies()})


@click.group("study", cls=Group)
def study() -> None:
    """Search hash settings with Optuna.

    A study is a file of sweeps/conf, or the path of another one. It lives in SQLite in its own folder; workers on
    several nodes need storage=URL of a PostgreSQL database.
    """


@study.command("create", examples=["study create study=nano_hash scale=nano"])
@_options("storage")
def create(words: Sequence[str]) -> None:
    """Create a study, once and before any worker.

    Checks first everything that can be checked before a trial runs. Given again it changes nothing.
    """
    from sweeps.create import check_study, create
    from sweeps.options import Options
    from sweeps.slots import tally
    from sweeps.study import load_study
    from sweeps.trial import directions

    options = _parsed(Options, words)
    settings = load_study(options.study, options.scale)
    check_study(settings)
    made = create(settings, options.folder, directions(settings), options.storage)
    print(f"{options.folder.path}: {tally(made, settings.trial_count(), settings.heartbeat.retries)}")


@study.command("work", examples=["study work study=nano_hash scale=nano", "study work study=nano_hash trials=5"])
@_options("storage", "trials")
def work(words: Sequence[str]) -> None:
    """Run trials until none is left, or trials=N of them.

    Start as many workers as wanted. A trial whose worker was killed is taken up by another worker, or by the next.
    """
    from sweeps.options import WorkOptions
    from sweeps.work import work

    options = _parsed(WorkOptions, words)
    print(f"{options.folder.path}: {work(options.folder, options.storage, options.trials)}")


@study.command("collect", examples=["study collect study=nano_hash scale=nano"])
@_options("storage")
def collect(words: Sequence[str]) -> None:
    """Write the tables of what a study has found so far."""
    from sweeps.collect import collect
    from sweeps.options import Options

    options = _parsed(Options, words)
    print(f"{options.folder.path}: {collect(options.folder, options.storage)}")


@study.command("confirm", examples=["study confirm study=nano_hash scale=nano candidate=trial3 seed=1"])
@_options("candidate", "seed")
def confirm(words: Sequence[str]) -> None:
    """Train the best settings and vanilla with fresh seeds.

    The best of many trials owes some of its lead to luck; only these runs count. Needs the tables of `study collect`.
    """
    from sweeps.confirm import confirm_all
    from sweeps.options import ConfirmOptions

    options = _parsed(ConfirmOptions, words)
    confirm_all(options.folder, options.candidate, options.seed)


@study.command("report", examples=["study report study=nano_hash scale=nano"])
@_options()
def report(words: Sequence[str]) -> None:
    """Write the report of a study from files alone.

    Writes confirmation.csv, report.md and figures/.
    """
    from sweeps.options import Options
    from sweeps.report import report

    options = _parsed(Options, words)
    report(options.folder)
    print(options.folder.path / "report.md")


@study.command("verify", examples=["study verify results/reference"])
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def verify(folder: Path) -> None:
    """Check that studies follow from their trials' records.

    Prints a line for each thing that no longer matches, and then ends with exit code 1.
    """
    from sweeps.verify import reported, verify

    _quieten_optuna()
    studies = reported(folder)
    if found := [line for each in studies for line in verify(each)]:
        print(*found, sep="\n")
        raise SystemExit(1)
    print(f"{folder}: {', '.join(each.path.name for each in studies) or 'no study'} as recorded")
