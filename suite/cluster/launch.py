"""Starts ranks under torchrun, and ends them together."""

import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from suite.cluster import slurm
from suite.cluster.lab import supervisor
from suite.cluster.lab.layout import Layout
from suite.cluster.lab.registry import State
from suite.cluster.processes import die_with_parent, on_stop, write_reason
from suite.cluster.torchrun import Torchrun
from suite.config.cluster import ClusterConfig
from suite.errors import RunError, Stopped
from suite.records.schema.failure import Failure

# With fewer free bytes than this, a full disk is the cause of a failure, whatever the ranks report.
_LEAST_FREE = 2**20


def launch(
    module: str, arguments: Sequence[str], cluster: ClusterConfig, folder: Path, lab: State | None = None
) -> None:
    """Run ``python -m module arguments`` on every rank of ``cluster`` and wait. Call it from the main thread.

    Args:
        module: the entry point of a rank; its body runs inside :func:`reporting_failure`.
        arguments: passed to every rank.
        cluster: number of ranks, and threads per rank. Several servers on the ``host`` network are nodes of the Slurm
            job that this process is in.
        folder: gets torchrun's messages and, after a failure, its reason in ``failure.json``.
        lab: a living lab to run in. Without one, a cluster on the ``lab`` network gets a lab for this call.

    Raises:
        RunError: in one line, why the ranks failed. All ranks have ended.
        Stopped: SIGINT, SIGTERM or SIGHUP came. All ranks have ended.
    """
    reason, log = folder / "failure.json", folder / "torchrun.log"
    reason.unlink(missing_ok=True)
    log.write_text("")
    environment = os.environ | {"OMP_NUM_THREADS": str(cluster.threads_per_rank)}
    process: subprocess.Popen[bytes] | Torchrun
    if cluster.network == "lab":
        layout = Layout(cluster.servers, cluster.ranks_per_server)
        process = _started(supervisor.command(module, arguments, layout, reason, lab), environment, log)
    elif cluster.spans_nodes:
        process = _started(slurm.command(module, arguments, cluster), environment, log)
    else:
        standalone = ["--standalone", f"--nproc-per-node={cluster.ranks}", "-m", module, *arguments]
        process = Torchrun(standalone, environment, log)
        process.start()
    # A second signal kills torchrun, and the ranks die with it.
    with on_stop(lambda times: process.kill() if times > 1 else process.terminate()) as received:
        code = process.wait()
    if received:
        reason.unlink(missing_ok=True)  # ranks that ended early may have reported lost peers as a failure
        raise Stopped(received[0])
    if code:
        why = _why(reason, log)
        with suppress(OSError):  # the disk may be full
            write_reason(reason, why)
        raise RunError(why)


def _started(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("a") as messages:
        return subprocess.Popen(command, env=environment, stderr=messages, preexec_fn=die_with_parent)


def _why(reason: Path, log: Path) -> str:
    """The likeliest cause: a rank that was killed, else the reason that a rank wrote, else its exit code.

    If one rank was killed, the others only report a lost peer. Torchrun ends the remaining ranks by SIGTERM, so that
    signal is no cause.
    """
    if shutil.disk_usage(log.parent).free < _LEAST_FREE:
        return f"no space is left on the disk of {log.parent}; make room there"
    pairs = re.findall(r"rank *: (\d+) .*\n *exitcode *: (-?\d+)", log.read_text())
    ended = sorted((int(code) == -signal.SIGTERM, int(code), int(rank)) for rank, code in pairs)
    if not ended and reason.exists():
        return Failure.model_validate_json(reason.read_text()).reason
    if not ended:
        return f"no rank started; see {log}"
    by_torchrun, code, rank = ended[0]
    if reason.exists() and (code > 0 or by_torchrun):
        return Failure.model_validate_json(reason.read_text()).reason
    if code < 0:
        return f"rank {rank} was killed by {signal.Signals(-code).name}"
    return f"rank {rank} ended with exit code {code} and no reason; see {log}"


@contextmanager
def reporting_failure(folder: Path, rank: int) -> Iterator[None]:
    """For the body of a rank: on an error, write its reason to ``folder`` for the launcher, then exit with code 1."""
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        # The first rank to fail has the cause; the others report a lost peer.
        if not (folder / "failure.json").exists():
            line = f"{type(error).__name__}: {' '.join(str(error).split())}"
            with suppress(OSError):
                write_reason(folder / "failure.json", f"rank {rank}: {line}")
        sys.stderr.flush()
        # Destructors of a broken process group can wait for ranks that have ended.
        os._exit(1)


def leave() -> NoReturn:
    """End this process at once, when its work is on disk. The shutdown of torch would take a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
