"""Bad input ends in one clear line and exit code 2."""

import difflib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class UserError(Exception):
    """Something the user can put right; its message is one line that names the field and the remedy."""


def unknown(field: str, given: object, allowed: Iterable[object]) -> UserError:
    """A :class:`UserError` for a value that is not one of ``allowed``, with the nearest valid one if any is near."""
    names = sorted(str(name) for name in allowed)
    return UserError(
        f"{field}: unknown {str(given)!r}; allowed: {', '.join(names) or 'nothing here'}{hint(given, names)}"
    )


def hint(given: object, allowed: Iterable[object]) -> str:
    """``"; did you mean 'x'?"`` for the name nearest to ``given``, or an empty string if none is near."""
    near = difflib.get_close_matches(str(given), [str(name) for name in allowed], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """For entry points: print a :class:`UserError` as one line on stderr and exit with code 2."""
    try:
        yield
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
