"""Which of the methods that were trained together others are held against."""

from collections.abc import Collection

from suite.config.reference import PLAIN, reference_of
from suite.records.evidence import Run


def trained_reference(runs: Collection[Run]) -> str:
    """The reference among runs of one model on one task: vanilla where the 16-bit wire was not trained.

    Without a run it is vanilla.
    """
    precision = next((run.config.training.precision for run in runs), None)
    return PLAIN if precision is None else reference_of(precision, {run.method for run in runs})
