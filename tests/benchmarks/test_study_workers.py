"""Workers of one study keep out of each other's way."""

from pathlib import Path

from tests.sweeps.made_up import created, trials_of, wait_for, worker

WORKERS, TRIALS, SECONDS = 4, 16, 1.5


def test_four_workers_need_hardly_longer_than_their_trials(tmp_path: Path) -> None:
    """Each trial sleeps. The time counts from when all workers have begun, since importing is no part of it."""
    folder = created(tmp_path, trials=TRIALS)
    workers = [worker(tmp_path, SECONDS) for _ in range(WORKERS)]
    wait_for(folder.path / f"begun{WORKERS - 1}")
    for process in workers:
        assert process.wait(timeout=120) == 0
    found = trials_of(folder)
    assert [trial.state.name for trial in found] == ["COMPLETE"] * TRIALS
    starts, ends = ([getattr(trial, name) for trial in found] for name in ("datetime_start", "datetime_complete"))
    together = (max(ends) - sorted(starts)[WORKERS - 1]).total_seconds()
    print(f"\n{TRIALS} trials of {SECONDS} s by {WORKERS} workers: {together:.1f} s")
    assert together <= 1.2 * TRIALS / WORKERS * SECONDS
