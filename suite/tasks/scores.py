"""Scores of predicted classes, as GLUE defines them, by scikit-learn."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Classes = NDArray[np.int64]
ScoreName = Literal["accuracy", "f1", "matthews"]

SCORES: dict[ScoreName, Callable[[Classes, Classes], float]] = {
    "accuracy": metrics.accuracy_score,
    # Of class 1; without any prediction of it, 0.
    "f1": lambda truth, predicted: metrics.f1_score(truth, predicted, zero_division=0.0),
    "matthews": metrics.matthews_corrcoef,
}


def score(names: Sequence[ScoreName], truth: Classes, predicted: Classes) -> dict[str, float]:
    """Scores by name, of int64 ``[examples]`` true and predicted classes."""
    return {name: float(SCORES[name](truth, predicted)) for name in names}
