"""Optuna's storage of a study: SQLite beside the records on one machine, PostgreSQL by its URL across nodes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from suite.errors import UserError
from sweeps.folder import StudyFolder
from sweeps.study import Heartbeat

# Seconds that a worker waits for others that are writing.
_BUSY_SECONDS = 60


def storage_url(folder: StudyFolder, given: str | None) -> URL:
    """URL of the study's database: ``given``, or the file in its folder.

    Raises:
        UserError: ``given`` is not a URL of SQLite or PostgreSQL.
    """
    if given is None:
        return URL.create("sqlite", database=str(folder.database.absolute()))
    try:
        url = make_url(given)
    except ArgumentError:
        raise UserError(f"storage: {given!r} is no URL; write postgresql://USER@HOST/DATABASE") from None
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")  # the driver that is installed
    if url.drivername not in ("postgresql+psycopg", "sqlite"):
        raise UserError(f"storage: {url.drivername!r} is not supported; allowed: postgresql, sqlite")
    return url


def open_storage(url: URL, heartbeat: Heartbeat, create: bool = False) -> RDBStorage:
    """Connect.

    Args:
        url: of :func:`storage_url`.
        heartbeat: how a dead worker is noticed, and how often its trial is tried again.
        create: make the tables. Workers never do, because several at once would fail.

    Raises:
        UserError: the database cannot be reached, or was not prepared.
    """
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        # With isolation_level None the driver begins no transaction implicitly.
        engine: dict[str, Any] = {"connect_args": {"timeout": _BUSY_SECONDS, "isolation_level": None}}
    else:
        # One connection per worker, two at times: by default, a server grants a hundred.
        engine = {"connect_args": {"connect_timeout": 10}, "pool_size": 1, "max_overflow": 1}
    with explained(url):
        storage = RDBStorage(
            url.render_as_string(hide_password=False),
            engine_kwargs=engine,
            skip_table_creation=not create,
            heartbeat_interval=heartbeat.interval,
            grace_period=heartbeat.grace,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=heartbeat.retries),
        )
    if sqlite:
        event.listen(storage.engine, "begin", _lock)
    return storage


def _lock(connection: Connection) -> None:
    """Make a transaction on SQLite lock the file before it reads.

    SQLite has no ``SELECT … FOR UPDATE``: two workers could read that a trial waits, and both would take it.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn an error of the database into a one-line UserError. Its contents stay, and the same command resumes."""
    try:
        yield
    except (StorageInternalError, DBAPIError, NoSuchModuleError) as error:
        cause = error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise UserError(
            f"storage: {url.render_as_string(hide_password=True)}: {reason}; put that right and give the same command "
            "again: nothing that was finished is lost"
        ) from error
