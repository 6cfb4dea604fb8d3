"""Runs against each other by quality, whatever their metric: seeds are replicates, equal seeds are pairs."""

import math
from collections.abc import Sequence

from suite.config.registration import registration
from suite.records.evidence import Run


def quality(run: Run) -> float:
    """The final held-out metric, larger is better: a share as it is, of a perplexity minus its logarithm."""
    value = run.summary.final[run.metric]
    return value if run.summary.metric.higher_is_better else -math.log(value)


def margin(run: Run) -> float:
    """What :func:`quality` of two runs may differ by and still be the same, as it was registered (evidence.yaml)."""
    return registration().margin(run.metric)


def quality_differences(runs: Sequence[Run], reference: Sequence[Run]) -> list[float]:
    """Quality of ``runs`` less that of ``reference``, for each seed that both have."""
    theirs = {run.seed: quality(run) for run in reference}
    return [quality(run) - theirs[run.seed] for run in runs if run.seed in theirs]
