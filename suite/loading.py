"""Objects that a configuration names by their dotted path."""

import importlib
from typing import Any

from suite.errors import UserError


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
