"""Where the mirror is, and its connection: ``MLFLOW_TRACKING_URI``, else SQLite in the results folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from suite.errors import UserError

# Nothing is told to anyone but the server, and one that is down is found out within seconds.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


@dataclass(frozen=True)
class Store:
    """A connection: ``experiment`` is the id of the scale's."""

    client: MlflowClient
    experiment: str


def tracking_uri(root: Path) -> str:
    """Of the server or database that mirrors the results below ``root``."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root.absolute() / 'mlflow.db'}"


def connect(root: Path, scale: str) -> Store:
    """Connect, making or upgrading the database and the scale's experiment where needed, one process at a time.

    Raises:
        UserError: the store cannot be used.
    """
    uri, name = tracking_uri(root), f"lsh-moe-bench/{scale}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".mlflow.lock"):
            client = MlflowClient(tracking_uri=uri)
            try:
                found = client.get_experiment_by_name(name)
            except MlflowException:
                if uri.startswith("http"):
                    raise
                upgrade(uri)  # it may have been made by an older MLflow
                found = client.get_experiment_by_name(name)
            if found is None:
                # A server keeps artifacts where it was told to; a database does not say where.
                artifacts = None if uri.startswith("http") else (root.absolute() / "mlartifacts").as_uri()
                return Store(client, client.create_experiment(name, artifact_location=artifacts))
            return Store(client, found.experiment_id)
    except (MlflowException, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"MLFLOW_TRACKING_URI: {uri} cannot be used ({reason})") from None


def upgrade(uri: str) -> None:
    """Bring a database to the schema of the MLflow that is installed."""
    subprocess.run([sys.executable, "-m", "mlflow", "db", "upgrade", uri], check=False, capture_output=True)
