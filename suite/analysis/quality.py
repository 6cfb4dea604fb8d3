"""Runs against each other by quality, whatever their metric: seeds are replicates, equal seeds are pairs."""

import math
from collections.abc import Sequence

from suite.records.evidence import Run

# The largest difference that counts as none, fixed before anything was compared. Of a share such as accuracy, in points
# over 100: the paper calls up to 0.3 points near-identical (Table 2), and 0.5 is what two digits can tell apart. Of a
# perplexity, in its logarithm: the paper calls 17.09 against 16.77, 0.019, worse (Fig. 6), so it must be less.
SHARE_MARGIN, PERPLEXITY_MARGIN = 0.005, 0.01


def quality(run: Run) -> float:
    """The final held-out metric, larger is better: a share as it is, of a perplexity minus its logarithm."""
    value = run.summary.final[run.metric]
    return value if run.summary.metric.higher_is_better else -math.log(value)


def margin(run: Run) -> float:
    """What :func:`quality` of two runs may differ by and still be the same."""
    return SHARE_MARGIN if run.summary.metric.higher_is_better else PERPLEXITY_MARGIN


def quality_differences(runs: Sequence[Run], reference: Sequence[Run]) -> list[float]:
    """Quality of ``runs`` less that of ``reference``, for each seed that both have."""
    theirs = {run.seed: quality(run) for run in reference}
    return [quality(run) - theirs[run.seed] for run in runs if run.seed in theirs]
