"""Imports by name: objects of a configuration, modules of a package, and fairseq without its side effects."""

import importlib
import logging
import warnings
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from suite.errors import UserError, unknown


def load_object(field: str, dotted: str) -> Any:
    """Import ``package.module.name``.

    Raises:
        UserError: naming ``field``, if there is no such module or it has no such name.
    """
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"{field}: {dotted!r} cannot be loaded: {error}") from None


def offered(package: str, helpers: tuple[str, ...]) -> list[str]:
    """Names of the modules of ``package``, without ``helpers`` and private ones; none is imported."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    stems = (path.stem for path in Path(spec.origin).parent.glob("*.py"))
    return sorted(stem for stem in stems if not stem.startswith("_") and stem not in helpers)


def load(package: str, field: str, wanted: list[str] | None, on_offer: list[str]) -> list[ModuleType]:
    """Import the ``wanted`` modules of ``package``; by default, all of ``on_offer``.

    Raises:
        UserError: naming ``field``, for a module that is not on offer.
    """
    for name in wanted or ():
        if name not in on_offer:
            raise unknown(field, name, on_offer)
    return [importlib.import_module(f"{package}.{name}") for name in wanted or on_offer]


def quiet_import(name: str) -> ModuleType:
    """Import a module, and restore the root logger (fairseq sets it to DEBUG and adds a handler)."""
    root = logging.getLogger()
    level, handlers, disabled = root.level, list(root.handlers), root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    finally:
        logging.disable(disabled)
        root.setLevel(level)
        root.handlers[:] = handlers
