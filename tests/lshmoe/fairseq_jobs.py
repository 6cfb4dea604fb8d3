"""fairseq's command lines in forked processes, so that fairseq is imported once for all of them."""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

TIMEOUT_S = 100
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["fairseq_cli.preprocess", "fairseq_cli.train", "fairseq_cli.eval_lm"])


def run_together(commands: list[list[str]], log: Path) -> str:
    """Run fairseq command lines at the same time; returns what the first one printed.

    Args:
        commands: each ``["train", "preprocess" or "eval_lm", arguments...]``.
        log: where their output goes, one file each, with the number of the command behind its name.

    Raises:
        AssertionError: if one fails or does not end; it holds the end of its output.
    """
    logs = [log.with_name(f"{log.name}.{number}") for number in range(len(commands))]
    processes = [FORK.Process(target=_run, args=pair) for pair in zip(commands, logs, strict=True)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(TIMEOUT_S)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    assert codes == [0] * len(codes), "\n".join(f"exit codes {codes}: {path.read_text()[-3000:]}" for path in logs)
    return logs[0].read_text()


def _run(command: list[str], log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    import torch
    from fairseq_cli import eval_lm, preprocess, train

    torch.set_num_threads(1)
    _let_ddp_take_modules_on_a_cpu()
    sys.argv = command
    {"preprocess": preprocess, "train": train, "eval_lm": eval_lm}[command[0]].cli_main()


def _let_ddp_take_modules_on_a_cpu() -> None:
    """fairseq always names a GPU to DDP."""
    from torch.nn.parallel import DistributedDataParallel

    make = DistributedDataParallel.__init__

    def make_without_gpu(self: DistributedDataParallel, *args: Any, **options: Any) -> None:
        make(self, *args, **{**options, "device_ids": None, "output_device": None})

    DistributedDataParallel.__init__ = make_without_gpu  # type: ignore[method-assign]
