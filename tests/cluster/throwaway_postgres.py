"""A throw-away PostgreSQL on this machine's loopback, all below one folder, gone at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.cluster.throwaway_slurm import wait_until

# Debian keeps the server's programs out of PATH.
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def lacking_postgres() -> str | None:
    """What this machine lacks to run one; ``None`` if nothing."""
    found = shutil.which("initdb", path=os.pathsep.join(map(str, PROGRAMS)))
    return None if found else "no initdb below /usr/lib/postgresql; install Debian's postgresql"


class Postgres:
    """The running server; use it as a context manager.

    Attributes:
        url: of an empty database in it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="throwaway-postgres-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # It refuses to run as root.
        self.user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.url = f"postgresql://{self.user}@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> "Postgres":
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        data = self.folder / "data"
        initdb = [PROGRAMS[-1] / "initdb", "--pgdata", data, "--auth=trust", "--no-sync"]
        subprocess.run(initdb, user=self.user, cwd=self.folder, check=True, capture_output=True)
        server = [PROGRAMS[-1] / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(self.port), "-k", self.folder]
        server += ["-c", "fsync=off", "-c", "max_connections=200"]
        self.server = subprocess.Popen(
            server, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, "PostgreSQL")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.send_signal(signal.SIGINT)  # at SIGTERM it would wait for connections that a test left open
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        ask = [PROGRAMS[-1] / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, capture_output=True, check=False).returncode == 0
