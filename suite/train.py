"""One run: ``python -m suite.train model=gpt_moe task=text_lm method=lsh seed=0 scale=nano cluster=loopback``."""

import sys

from suite.config import compose
from suite.errors import exit_on_user_error
from suite.launch import launch
from suite.methods import check_method
from suite.records import RunFolder
from suite.tasks import build_task


def main(overrides: list[str]) -> None:
    """Validate everything, prepare the data, then start the ranks.

    Raises:
        UserError: before any rank starts for bad input; afterwards with the reason the ranks failed for.
    """
    config = compose(overrides)
    check_method(config)
    folder = RunFolder.of(config)
    if folder.open(config):
        print(f"{folder.path}: already complete")
        return
    build_task(config).prepare()
    launch("suite.worker", [str(folder.path)], config.cluster, folder.path)


if __name__ == "__main__":
    with exit_on_user_error():
        main(sys.argv[1:])
