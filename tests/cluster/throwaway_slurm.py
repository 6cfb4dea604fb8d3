"""A throw-away Slurm: munge, a controller and two nodes of this machine, all below one folder, gone at the end.

Nothing is installed, and no file of a Slurm that this machine may have is read: every client gets its configuration by
a wrapper at the head of PATH, which jobs inherit (Snakemake strips ``SLURM_CONF`` inside a job).
"""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo", "sacct", "sacctmgr", "sshare")
NODES = ("n1", "n2")
# Memory is only the scheduler's number: without control groups nobody enforces it.
CPUS, MEMORY_MB, GPUS = 2, 8000, 2

SLURM_CONF = """\
ClusterName=throwaway
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=1,sched_interval=2
EnforcePartLimits=ALL
ReturnToService=2
SlurmdTimeout=6
KillWait=5
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP MaxTime=60 PriorityTier=1
PartitionName=urgent Nodes=ALL State=UP MaxTime=60 PriorityTier=2 PreemptMode=OFF
PartitionName=closed Nodes=ALL State=INACTIVE
PartitionName=others Nodes=ALL State=UP AllowAccounts=others
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus}"
)


def lacking() -> str | None:
    """What this machine lacks to run a Slurm of its own; ``None`` if nothing."""
    if os.geteuid() != 0:
        return "a throw-away Slurm needs root, as its daemons start jobs as their users"
    missing = [name for name in (*DAEMONS, *CLIENTS) if _program(name) is None]
    return f"{', '.join(missing)} not found; install Debian's slurm-wlm and munge" if missing else None


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for a condition, or fail naming it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.1)


def snakemake_options(*more: str) -> list[str]:
    """Snakemake's options for this cluster: quick looks at jobs that last seconds, one job at a time."""
    looks = ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10"]
    return ["--profile", "profiles/slurm", "--jobs", "1", *looks, *more]


class Slurm:
    """The running cluster; use it as a context manager.

    Attributes:
        folder: everything it writes.
        environment: for processes that are to see this cluster.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="throwaway-slurm-"))
        self.folder.chmod(0o755)
        self.conf = self.folder / "slurm.conf"
        self.environment = os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Slurm":
        try:
            self._configure()
            self._start_munge()
            self._start("slurmctld", "slurmctld", "-D", "-c", "-f", str(self.conf))
            for name in NODES:
                self.start_node(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, *command: str) -> str:
        """A client's output."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def node_state(self, name: str) -> str:
        return self.run("sinfo", "--noheader", "--nodes", name, "--format=%T").split()[0]

    def jobs(self, *options: str) -> list[str]:
        """One line per job: number, state, node."""
        return self.run("squeue", "--noheader", "--format=%i %T %N", *options).splitlines()

    def processes(self, node: str | None = None) -> list[psutil.Process]:
        """Daemons of job steps, and all that jobs started, on a node or on all."""
        names = NODES if node is None else (node,)
        logs = {f"{self.folder}/slurmd.{name}.log" for name in names}
        found = []
        for process in psutil.process_iter():
            try:
                if process.name() == "slurmstepd":
                    ours = any(file.path in logs for file in process.open_files())
                else:
                    environment = process.environ()
                    ours = environment.get("SLURM_CONF") == str(self.conf)
                    ours = ours and environment.get("SLURMD_NODENAME") in names
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if ours:
                found.append(process)
        return found

    def ranks(self, node: str | None = None) -> list[psutil.Process]:
        """The ranks of runs on a node, or on all."""
        found = []
        for process in self.processes(node):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "suite.training.worker" in process.cmdline() and "RANK" in process.environ():
                    found.append(process)
        return found

    def restart_requeued(self) -> None:
        """Start jobs that were put back into the queue; Slurm would let them wait two minutes first."""
        wait_until(lambda: self.jobs("--states=PENDING"), "a job put back into the queue")
        for line in self.jobs("--states=PENDING"):
            self.run("scontrol", "update", f"JobId={line.split()[0]}", "StartTime=now")

    def clear(self) -> None:
        """Cancel all jobs and wait until they are gone."""
        self.run("scancel", "--full", "--user=root")
        wait_until(lambda: not self.jobs(), "cancelled jobs")

    def start_node(self, name: str) -> None:
        """Start a node's daemon and wait until jobs can run there."""
        self._start(name, "slurmd", "-D", "-N", name, "-f", str(self.conf))
        wait_until(lambda: self.node_state(name) in ("idle", "mixed", "allocated"), f"node {name}")

    def crash_node(self, name: str) -> None:
        """End a node's daemon and all that runs there at once, as a power cut would."""
        self.daemons.pop(name).kill()
        for process in self.processes(name):
            _kill(process)

    def close(self) -> None:
        """End everything and remove the folder."""
        for name in (*NODES, "slurmctld"):
            if daemon := self.daemons.pop(name, None):
                daemon.kill()
                daemon.wait()
        for process in self.processes():
            _kill(process)
        if munged := self.daemons.pop("munged", None):
            munged.terminate()
            munged.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self) -> None:
        host = socket.gethostname().partition(".")[0]
        ports = _free_ports(1 + len(NODES))
        size = {"host": host, "cpus": CPUS, "memory": MEMORY_MB, "gpus": GPUS}
        nodes = [NODE.format(name=name, port=port, **size) for name, port in zip(NODES, ports[1:], strict=True)]
        self.conf.write_text(
            SLURM_CONF.format(host=host, folder=self.folder, controller_port=ports[0], nodes="\n".join(nodes))
        )
        gpus = [(name, number, self.folder / f"gpu.{name}.{number}") for name in NODES for number in range(GPUS)]
        for _, _, device in gpus:
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # /dev/null by another name
        lines = [f"NodeName={name} Name=gpu File={device}" for name, _, device in gpus]
        (self.folder / "gres.conf").write_text("\n".join(lines) + "\n")
        for folder in ("bin", "state"):
            (self.folder / folder).mkdir()
        for client in CLIENTS:
            wrapper = self.folder / "bin" / client
            wrapper.write_text(f'#!/bin/sh\nexec env SLURM_CONF={self.conf} {_program(client)} "$@"\n')
            wrapper.chmod(0o755)

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        places = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log", "seed-file": "munge.seed"}
        options = [f"--{option}={self.folder / name}" for option, name in places.items()]
        # --force: a folder below /tmp, which others may write to, is good enough for a test's credentials.
        self._start("munged", "munged", "--foreground", "--force", f"--key-file={key}", *options)
        wait_until((self.folder / "munge.socket").exists, "munge")

    def _start(self, name: str, program: str, *options: str) -> None:
        path = _program(program)
        assert path is not None
        with (self.folder / f"{name}.out").open("ab") as output:
            environment = os.environ | {"SLURM_CONF": str(self.conf)}
            self.daemons[name] = subprocess.Popen(
                [path, *options], stdout=output, stderr=output, env=environment, start_new_session=True
            )


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
