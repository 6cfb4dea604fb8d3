"""From settings to the folder of a scale's results."""

from collections.abc import Callable, Sequence
from pathlib import Path


def build_for(words: Sequence[str], build: Callable[[Path, str], list[Path]]) -> None:
    """Build into the folder of the scale that the settings name, and print the paths.

    Args:
        words: settings, as ``scale=nano``.
        build: called with the folder and the scale.

    Raises:
        UserError: bad settings, or what ``build`` raises.
    """
    from suite.config.compose import compose

    config = compose(words)
    paths = build(config.results / config.scale.name, config.scale.name)
    print("\n".join(map(str, paths)))
