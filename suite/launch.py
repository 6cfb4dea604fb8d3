"""Start ranks under torchrun, and end them together."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from suite.errors import UserError
from suite.files import write_atomically
from suite.schema import ClusterConfig

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, so that no rank outlives a launcher that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def launch(module: str, arguments: Sequence[str], cluster: ClusterConfig, folder: Path) -> None:
    """Run ``python -m module arguments`` on every rank of ``cluster`` and wait.

    Args:
        module: the entry point of a rank; its body runs inside :func:`reporting_failure`.
        arguments: given to every rank.
        cluster: how many ranks, and threads of each.
        folder: torchrun's own messages and the ranks' reasons for failing are kept here.

    Raises:
        UserError: in one line, why the ranks failed. All of them are gone by then.
    """
    reason = folder / "failure.json"
    reason.unlink(missing_ok=True)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={cluster.ranks}", "-m", module, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": str(cluster.threads_per_rank)}
    if cluster.name == "loopback":
        environment["GLOO_SOCKET_IFNAME"] = "lo"
    log = folder / "torchrun.log"
    with log.open("w") as messages:
        process = subprocess.Popen(command, env=environment, stderr=messages, preexec_fn=die_with_parent)
        # A polite end of the launcher is passed on; torchrun then ends its ranks.
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
    if code:
        raise UserError(_why(reason, log))


def _why(reason: Path, log: Path) -> str:
    said = json.loads(reason.read_text())["reason"] if reason.exists() else ""
    killed = re.search(r"rank\s*: (\d+).*?Signal (\d+)", log.read_text(), re.DOTALL)
    if killed:
        return f"rank {killed[1]} was killed by signal {killed[2]}; start again to go on from the last checkpoint"
    return said or f"the ranks ended without a reason; see {log}"


@contextmanager
def reporting_failure(folder: Path, rank: int) -> Iterator[None]:
    """For the body of a rank: leave the reason of a failure in ``folder`` for the launcher to print, then exit."""
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        # The first rank to fail has the reason; the others only notice that it is gone.
        if not (folder / "failure.json").exists():
            line = f"{type(error).__name__}: {' '.join(str(error).split())}"
            write_atomically(folder / "failure.json", json.dumps({"rank": rank, "reason": f"rank {rank}: {line}"}))
        sys.stderr.flush()
        # Destructors of a broken process group can wait for ranks that are gone.
        os._exit(1)
