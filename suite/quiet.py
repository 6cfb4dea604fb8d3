"""Import fairseq without its side effects on the process."""

import importlib
import logging
import warnings
from types import ModuleType


def quiet_import(name: str) -> ModuleType:
    """Import a module; then put the root logger back as it was (fairseq sets it to DEBUG and adds a handler)."""
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
