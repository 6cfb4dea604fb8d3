"""Errors that end a command in one line: bad input (exit code 2), a failed run (1), a stopped run (128 + signal)."""

import difflib
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class UserError(Exception):
    """An error that the user can fix. Its message is one line that names the field and the remedy."""

    exit_code = 2


class RunError(Exception):
    """A run whose ranks failed. Its message is one line that says why."""

    exit_code = 1


class Stopped(RunError):
    """A run that was ended by a signal to its launcher, without a fault.

    Args:
        signal_number: the exit code is 128 plus this number, as in shells.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.exit_code = 128 + signal_number


def unknown(field: str, given: object, allowed: Iterable[object]) -> UserError:
    """A :class:`UserError` for a value that is not among ``allowed``, with the nearest valid one if there is one."""
    names = sorted(str(name) for name in allowed)
    return UserError(
        f"{field}: unknown {str(given)!r}; allowed: {', '.join(names) or 'nothing here'}{hint(given, names)}"
    )


def hint(given: object, allowed: Iterable[object]) -> str:
    """``"; did you mean 'x'?"`` for the name nearest to ``given``, or an empty string if none is near."""
    near = difflib.get_close_matches(str(given), [str(name) for name in allowed], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _without_bench(error: ModuleNotFoundError) -> Exception:
    """What to do about a module that is not there: the wheel brings torch alone, all else comes with an extra."""
    package = (error.name or "").partition(".")[0]
    if package in ("lshmoe", "baselines", "suite", "sweeps"):
        return error
    return UserError(f"{package}: this package is not installed; pip install 'lsh-moe-bench[bench]' brings it")


@contextmanager
def exit_on_error() -> Iterator[None]:
    """For entry points: print one of the errors above, with its notes, as one line on stderr; exit with its code.

    A package that is missing is one of these errors.
    """
    try:
        try:
            yield
        except KeyboardInterrupt:
            raise Stopped(signal.SIGINT) from None
        except ModuleNotFoundError as error:
            raise _without_bench(error) from None
    except (UserError, RunError) as error:
        line = "; ".join([str(error), *getattr(error, "__notes__", [])])
        print(f"error: {' '.join(line.split())}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
