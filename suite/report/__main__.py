"""The report of one scale: ``python -m suite.report scale=nano``."""

import sys

from suite.config.compose import compose
from suite.errors import exit_on_error
from suite.report.page import build


def main(arguments: list[str]) -> None:
    """Write ``report.html`` of the scale and print its path.

    Raises:
        UserError: bad arguments, or a results folder that is not there.
    """
    config = compose(arguments)
    print(build(config.results / config.scale.name, config.scale.name))


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
