"""torchrun in a fork of the launcher, which has imported torch already. A new process would need two seconds more."""

import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkProcess
from pathlib import Path

from suite.cluster.processes import die_with_parent


class Torchrun(ForkProcess):
    """The agent of all ranks of this machine. It dies with its parent. Start it from the main thread.

    Args:
        arguments: of ``torchrun``.
        environment: of the ranks.
        log: file to which the agent's messages and the ranks' stderr are appended.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        super().__init__(name="torchrun")
        self.arguments, self.environment, self.log = list(arguments), environment, log

    def run(self) -> None:
        die_with_parent()
        os.environ.update(self.environment)
        sys.stderr = self.log.open("a", buffering=1)
        os.dup2(sys.stderr.fileno(), 2)
        from torch.distributed.run import main

        main(self.arguments)

    def wait(self) -> int:
        """Wait for the exit code; a negative one is the signal that killed the agent."""
        self.join()
        assert self.exitcode is not None
        return self.exitcode
