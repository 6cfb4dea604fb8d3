"""One rank that measures a living lab's link.

torchrun starts it: ``python -m suite.cluster.lab.link_fit FOLDER CLUSTER``.
"""

import os
import sys
from pathlib import Path

import torch.distributed as dist

from suite.cluster.lab.fit import LinkFit
from suite.cluster.lab.registry import State
from suite.cluster.launch import launch, reporting_failure
from suite.cluster.member import connect
from suite.config.cluster import ClusterConfig


def fit_lab(lab: State, folder: Path) -> None:
    """Start all ranks of ``lab``; rank 0 prints the fit. The lab is not changed.

    Raises:
        RunError: why the ranks failed.
    """
    layout = lab.layout
    cluster = ClusterConfig(
        name="lab",
        ranks=layout.servers * layout.ranks_per_server,
        ranks_per_server=layout.ranks_per_server,
        network="lab",
        rate_mbit=None,
        dense_fabric="open",
        backend="gloo",
        device="cpu",
        threads_per_rank=1,
    )
    launch("suite.cluster.lab.link_fit", [str(folder), cluster.model_dump_json()], cluster, folder, lab)


def main(cluster: ClusterConfig) -> None:
    """Measure, and print on rank 0."""
    link = connect(cluster).link
    assert link is not None
    fit = link.fit()
    if dist.get_rank() == 0:
        _print(fit)
    dist.barrier()
    dist.destroy_process_group()


def _print(fit: LinkFit) -> None:
    print(f"alpha_seconds={fit.alpha:.3e}\nbeta_seconds_per_byte={fit.beta:.3e}")
    for point in fit.points:
        print(f"bytes={point.bytes_per_server} seconds={point.seconds:.3e} residual={point.residual:+.1%}")
    sys.stdout.flush()


if __name__ == "__main__":
    with reporting_failure(Path(sys.argv[1]), int(os.environ["RANK"])):
        main(ClusterConfig.model_validate_json(sys.argv[2]))
