"""Ranks of several servers inside a Slurm job: srun starts one torchrun per node; they meet on the first node."""

import os
import subprocess
import sys
from collections.abc import Sequence

from suite.config.cluster import ClusterConfig
from suite.errors import UserError

# Jobs that share a node need different ports. These lie below the range that Linux gives to clients.
_FIRST_PORT, _PORTS = 20000, 12000


def check_job(cluster: ClusterConfig) -> None:
    """Check that this process is in a Slurm job with a node for every server, if ``cluster`` spans nodes.

    Raises:
        UserError: naming the remedy.
    """
    if not cluster.spans_nodes:
        return
    remedy = (
        f"start it by snakemake --profile profiles/slurm --config cluster={cluster.name}, "
        f"or inside salloc --nodes={cluster.servers}"
    )
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        raise UserError(f"cluster: {cluster.name!r} has {cluster.servers} servers, and this is no Slurm job; {remedy}")
    nodes = int(_ask("squeue", "--noheader", f"--jobs={job}", "--format=%D"))
    if nodes < cluster.servers:
        raise UserError(
            f"cluster: {cluster.name!r} has {cluster.servers} servers, but Slurm job {job} has {nodes} nodes; {remedy}"
        )


def command(module: str, arguments: Sequence[str], cluster: ClusterConfig) -> list[str]:
    """The command that runs ``python -m module arguments`` on every rank, on the nodes of the current job."""
    srun = ["srun", f"--nodes={cluster.servers}", f"--ntasks={cluster.servers}", "--ntasks-per-node=1"]
    srun += [f"--cpus-per-task={cluster.ranks_per_server * cluster.threads_per_rank}"]
    # If the ranks of one node fail, those of the others would wait for them.
    srun += ["--input=none", "--kill-on-bad-exit=1"]
    return [*srun, sys.executable, "-m", "suite.cluster.slurm", str(cluster.ranks_per_server), module, *arguments]


def torchrun(ranks_per_server: str, module: str, *arguments: str) -> list[str]:
    """The torchrun command of this node, on which srun started this process."""
    nodes = _ask("scontrol", "show", "hostnames", os.environ["SLURM_STEP_NODELIST"]).split()
    first, own = nodes[0], os.environ["SLURMD_NODENAME"]
    job = os.environ["SLURM_JOB_ID"]
    port = _FIRST_PORT + int(job) % _PORTS
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nnodes={len(nodes)}"]
    torchrun += [f"--nproc-per-node={ranks_per_server}", f"--local-addr={_address(own)}"]
    torchrun += ["--rdzv-backend=c10d", f"--rdzv-endpoint={_address(first)}:{port}"]
    torchrun += [f"--rdzv-id={job}.{os.environ['SLURM_STEP_ID']}", f"--rdzv-conf=is_host={own == first}"]
    return [*torchrun, "-m", module, *arguments]


def _address(node: str) -> str:
    """The address that Slurm uses for a node; a node's name need not be a host name."""
    return _ask("sinfo", "--noheader", f"--nodes={node}", "--format=%o").split()[0]


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", None) or error).strip()
        raise UserError(f"cluster: {command[0]} does not answer ({reason}); see whether Slurm is up: sinfo") from None


if __name__ == "__main__":
    agent = torchrun(*sys.argv[1:])
    os.execv(agent[0], agent)  # signals from Slurm reach torchrun itself
