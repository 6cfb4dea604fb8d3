"""Tasks: what a model is trained on, and how its quality is measured."""

from pathlib import Path

from suite.config.run import RunConfig
from suite.data.fetch import cache_directory
from suite.loading import load_object
from suite.tasks.task import Task


def build_task(config: RunConfig, data_dir: Path | None = None) -> Task:
    """Build the task of a run from its ``target`` class; nothing is downloaded yet.

    Raises:
        UserError: if the target does not exist, or refuses its configuration.
    """
    target: type[Task] = load_object("task.target", config.task.target)
    return target(config.task, config.training, data_dir or cache_directory(), config.root_seed("data"))
