"""What a package offers is what it holds: a table or a figure is added by adding its file."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from suite.errors import unknown


def offered(package: str, helpers: tuple[str, ...]) -> list[str]:
    """Names of the modules of ``package`` but its ``helpers`` and those that begin with an underscore; none is run."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    stems = (path.stem for path in Path(spec.origin).parent.glob("*.py"))
    return sorted(stem for stem in stems if not stem.startswith("_") and stem not in helpers)


def load(package: str, field: str, wanted: list[str] | None, on_offer: list[str]) -> list[ModuleType]:
    """Import the ``wanted`` modules of ``package``, all that are on offer by default.

    Raises:
        UserError: naming ``field``, for one that is not there.
    """
    for name in wanted or ():
        if name not in on_offer:
            raise unknown(field, name, on_offer)
    return [import_module(f"{package}.{name}") for name in wanted or on_offer]


def split_option(name: str, arguments: Sequence[str]) -> tuple[list[str] | None, list[str]]:
    """The words of the last ``name=a,b`` or ``name=[a,b]`` (None without one), and all other arguments."""
    given = [text for text in arguments if text.startswith(f"{name}=")]
    rest = [text for text in arguments if text not in given]
    if not given:
        return None, rest
    words = given[-1].removeprefix(f"{name}=").strip("[]").split(",")
    return [word.strip() for word in words if word.strip()], rest
