"""MLflow's own pages on the mirrored runs."""

import os
import socket
import sys
from pathlib import Path

from suite.errors import UserError
from suite.records.track.store import connect, tracking_uri

HOST = "127.0.0.1"


def serve(root: Path, scale: str, port: int) -> None:
    """Serve until interrupted; where a server has the runs already, only its address is printed.

    Raises:
        UserError: the port is taken, or the store cannot be used.
    """
    uri = tracking_uri(root)
    if uri.startswith("http"):
        print(f"The runs are at {uri}")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise UserError(f"port: {port} is taken; choose another by --port NUMBER") from None
    store = connect(root, scale)
    print(f"http://{HOST}:{port}/#/experiments/{store.experiment}/runs shows the runs; Ctrl-C ends it", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", HOST]
    command += [
        "--port",
        str(port),
        "--workers",
        "1",
        "--artifacts-destination",
        (root.absolute() / "mlartifacts").as_uri(),
    ]
    os.execve(sys.executable, command, os.environ | {"GIT_PYTHON_REFRESH": "quiet"})
