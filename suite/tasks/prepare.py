"""Fetch and tokenise a task's data ahead of its runs.

Writes ``<results>/<scale>/data/<task>.json``, which says what the data are.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.errors import UserError
from suite.files import write_atomically
from suite.tasks import build_task


def prepare(overrides: Sequence[str]) -> Path:
    """Prepare the data of the task that the overrides name, and return the file that describes them.

    Raises:
        UserError: if an override is wrong, or the data cannot be had.
    """
    config = compose(overrides)
    task = build_task(config)
    task.prepare()
    path = description_path(config)
    try:
        write_atomically(path, json.dumps(task.data_record(), indent=2) + "\n")
    except OSError as error:
        raise UserError(f"results: {path.parent} is not writable ({error.strerror})") from None
    return path


def description_path(config: RunConfig) -> Path:
    """Where the description of a task's data lies."""
    return config.results / config.scale.name / "data" / f"{config.task.name}.json"
