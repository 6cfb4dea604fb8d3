"""One run, from its settings to its record."""

from collections.abc import Sequence
from contextlib import nullcontext

from suite.cluster import slurm
from suite.cluster.launch import launch
from suite.config.compose import compose
from suite.errors import RunError
from suite.records.run_folder import RunFolder
from suite.records.track.live import mirrored
from suite.tasks import build_task
from suite.training.check import check, check_start, starting_point


def train(overrides: Sequence[str]) -> None:
    """Validate everything, prepare the data, then start the ranks.

    Raises:
        UserError: bad input, before any rank starts.
        RunError: the ranks failed or were stopped; the record says why, and the same command resumes the run.
    """
    config = compose(overrides)
    check(config)
    slurm.check_job(config.cluster)
    folder = RunFolder.of(config)
    with folder.held():
        if folder.begin(config):
            print(f"{folder.path}: already complete")
            return
        starting_point(config)
        task = build_task(config)
        task.prepare()
        check_start(config, task)
        tracking = mirrored(config.results, config.scale.name, folder.path)
        with tracking if config.tracking == "mlflow" else nullcontext():
            try:
                launch("suite.training.worker", [str(folder.path)], config.cluster, folder.path)
            except RunError as error:
                error.add_note("the same command resumes the run")
                raise
