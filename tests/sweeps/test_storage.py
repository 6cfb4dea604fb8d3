"""The count of trials is exact, whoever works and whoever dies; and what goes wrong is said in one line."""

import resource
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback

from suite.errors import UserError
from sweeps.create import create
from sweeps.folder import StudyFolder
from sweeps.storage import open_storage, storage_url
from sweeps.study import Study
from sweeps.trial import Outcome
from sweeps.work import work
from tests.cluster.throwaway_postgres import Postgres, lacking_postgres
from tests.sweeps.made_up import created, known, study, trials_of, wait_for, worker


def states(folder: StudyFolder, storage: str | None = None) -> list[str]:
    return [trial.state.name for trial in trials_of(folder, storage)]


def test_four_workers_share_the_trials_of_a_study(tmp_path: Path) -> None:
    folder = created(tmp_path, trials=8)
    workers = [worker(tmp_path, 0.1) for _ in range(4)]
    for process in workers:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        assert "8 complete" in out or "running" in out
    assert states(folder) == ["COMPLETE"] * 8


def test_a_killed_worker_s_trial_is_run_again_and_the_count_is_exact(tmp_path: Path) -> None:
    folder = created(tmp_path, trials=3)
    victim = worker(tmp_path, 60)
    wait_for(folder.path / "begun0")
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    done = work(folder, run=lambda *_: Outcome([1.0, 1.0], {}), pause=0.1)
    assert (done.complete, done.settled, done.lost) == (3, 3, 0)
    assert sorted(states(folder)) == ["COMPLETE"] * 3 + ["FAIL"]


@pytest.mark.parametrize("attributes", [{}, {"rate": 0.2}])
def test_a_trial_that_was_taken_for_lost_counts_once_though_its_worker_lives(
    tmp_path: Path, attributes: dict[str, float]
) -> None:
    folder = created(tmp_path, trials=2)
    opened = open_storage(storage_url(folder, None), folder.read_study().heartbeat)

    def run(made: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
        found = optuna.load_study(study_name="nano/made_up", storage=opened)
        (running,) = found.get_trials(states=(optuna.trial.TrialState.RUNNING,))
        if running.number == 0:  # as another worker does that sees no sign of life
            opened.set_trial_state_values(running._trial_id, optuna.trial.TrialState.FAIL)
            RetryHeartbeatStaleTrialCallback()(found, running)
        return Outcome([1.0, 1.0], attributes)

    done = work(folder, run=run, pause=0.1)
    assert (done.complete, done.settled) == (2, 2)
    assert states(folder) == ["FAIL", "COMPLETE", "COMPLETE"]


def test_a_setting_that_keeps_killing_its_worker_is_given_up(tmp_path: Path) -> None:
    folder = created(tmp_path, trials=1, heartbeat={"interval": 1, "grace": 2, "retries": 0})
    victim = worker(tmp_path, 60)
    wait_for(folder.path / "begun0")
    victim.kill()
    victim.wait()
    assert work(folder, run=known, pause=0.1).given_up == 1


def test_workers_on_one_file_never_take_the_same_trial(tmp_path: Path) -> None:
    seen: list[int] = []

    def run(made: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
        seen.append(slot)
        return Outcome([1.0, 1.0], {})

    folder = created(tmp_path, trials=64, heartbeat={})
    with ThreadPoolExecutor(8) as pool:
        tallies = list(pool.map(lambda _: work(folder, run=run, pause=0.1), range(8)))
    assert sorted(seen) == list(range(64))
    assert all(tally.settled == 64 for tally in tallies)


@pytest.mark.skipif(lacking_postgres() is not None, reason=str(lacking_postgres()))
def test_sixty_four_workers_on_postgresql_lose_no_trial(tmp_path: Path) -> None:
    seen: list[int] = []

    def run(made: Study, folder: StudyFolder, slot: int, point: Mapping[str, Any]) -> Outcome:
        seen.append(slot)
        return Outcome([1.0, 1.0], {})

    # With patience: 64 threads of one process may well keep each other from a sign of life for two seconds.
    with Postgres() as server:
        folder = created(tmp_path, server.url, trials=96, heartbeat={})
        with ThreadPoolExecutor(64) as pool:
            tallies = list(pool.map(lambda _: work(folder, server.url, run=run), range(64)))
        assert sorted(seen) == list(range(96))
        assert states(folder, server.url) == ["COMPLETE"] * 96
        assert all(tally.settled == 96 for tally in tallies)


def test_creating_again_changes_nothing_and_other_settings_are_refused(tmp_path: Path) -> None:
    folder = created(tmp_path)
    created(tmp_path)
    assert states(folder) == ["WAITING"] * 8
    with pytest.raises(UserError, match="other settings"):
        created(tmp_path, trials=9)
    folder.study.unlink()
    with pytest.raises(UserError, match="in its database with other settings"):
        created(tmp_path, trials=9)


def test_an_unreachable_database_is_one_line_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:9/none"
    with pytest.raises(UserError, match="same command again") as refused:
        create(study(), StudyFolder(tmp_path, "nano", "made_up"), ["minimize"] * 2, url)
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(("url", "part"), [("nonsense", "no URL"), ("mysql://x/y", "allowed: postgresql, sqlite")])
def test_other_storages_are_refused(tmp_path: Path, url: str, part: str) -> None:
    with pytest.raises(UserError, match=part):
        storage_url(StudyFolder(tmp_path, "nano", "made_up"), url)


def test_a_study_that_was_never_created_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="create it first"):
        work(StudyFolder(tmp_path, "nano", "made_up"))


def test_a_full_disk_stops_a_worker_and_the_next_one_goes_on(tmp_path: Path) -> None:
    folder = created(tmp_path, trials=40)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (folder.database.stat().st_size, before[1]))
    try:
        with pytest.raises(UserError, match=r"study\.db: .*(full|I/O|disk)"):
            work(folder, run=known, pause=0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    done = work(folder, run=known, pause=0.1)
    assert (done.settled, done.failed) == (40, 1)


def test_the_dashboard_shows_a_study(tmp_path: Path) -> None:
    folder = created(tmp_path, trials=5)
    work(folder, run=known, pause=0.1)
    script = (
        "import sys, threading, urllib.request, wsgiref.simple_server as s\n"
        "from optuna_dashboard import wsgi\n"
        "server = s.make_server('127.0.0.1', 0, wsgi(sys.argv[1]))\n"
        "print(server.server_port, flush=True)\n"
        "server.serve_forever()\n"
    )
    url = f"sqlite:///{folder.database}"
    process = subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        base = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with urllib.request.urlopen(f"{base}/api/studies", timeout=30) as answer:
            assert "nano/made_up" in answer.read().decode()
        with urllib.request.urlopen(f"{base}/dashboard/", timeout=30) as answer:
            assert "<html" in answer.read().decode().lower()
    finally:
        process.kill()
        process.wait()
