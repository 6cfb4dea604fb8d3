"""Records into MLflow: each is one run there, however often and from wherever it is mirrored."""

from typing import TypeVar

from mlflow.entities import Metric, Param, Run, RunTag

from suite.records.track.records import Mirrored
from suite.records.track.store import Store

BATCH = 500  # MLflow takes at most 1,000 metrics at a time, and 100 parameters
CURSOR = "mirrored"  # tag: how many of the record's points are there
IDENTITY = "record"
_Item = TypeVar("_Item")


def mirror(store: Store, record: Mirrored) -> bool:
    """Bring the record's run up to date; returns whether anything was missing.

    What is there already is not sent again. A run that was killed and goes on from a checkpoint does the steps after it
    a second time: the first values stay.
    """
    run = _find(store, record) or _create(store, record)
    done = int(run.data.tags.get(CURSOR, "-1"))
    if done >= len(record.points) and run.info.status == record.state:
        return False
    client, run_id = store.client, run.info.run_id
    if done < 0:
        for params in _batches([Param(name, value) for name, value in record.params.items()], 100):
            client.log_batch(run_id, params=params)
        done = 0
    if run.info.status != "RUNNING":
        client.update_run(run_id, status="RUNNING")
    for points in _batches(record.points[done:], BATCH):
        done += len(points)
        metrics = [
            # The time follows from the record, so that a batch sent twice is the same to the database.
            Metric(point.name, point.value, run.info.start_time + round(1000 * point.seconds), point.step)
            for point in points
        ]
        client.log_batch(run_id, metrics=metrics, tags=[RunTag(CURSOR, str(done))])
    client.log_batch(run_id, tags=[RunTag(name, value) for name, value in record.tags.items()])
    for path in record.artifacts:
        client.log_artifact(run_id, str(path))
    if record.state != "RUNNING":
        last = max((point.seconds for point in record.points), default=0.0)
        client.set_terminated(run_id, record.state, end_time=run.info.start_time + round(1000 * last))
    return True


def _find(store: Store, record: Mirrored) -> Run | None:
    runs = store.client.search_runs([store.experiment], f"tags.{IDENTITY} = '{record.identity}'", max_results=1)
    return runs[0] if runs else None


def _create(store: Store, record: Mirrored) -> Run:
    tags = record.tags | {IDENTITY: record.identity}
    return store.client.create_run(store.experiment, record.began, tags, record.name)


def _batches(items: list[_Item], size: int) -> list[list[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
