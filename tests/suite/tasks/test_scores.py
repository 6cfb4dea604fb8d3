"""Scores of predicted classes, by hand."""

import numpy as np
import pytest

from suite.tasks.scores import score


def test_scores_by_hand() -> None:
    truth, predicted = np.array([1, 1, 1, 0, 0, 0, 0, 1]), np.array([1, 1, 0, 0, 0, 1, 0, 0])
    # true positives 2, false ones 1, false negatives 2, true negatives 3
    found = score(["accuracy", "f1", "matthews"], truth, predicted)
    assert found["accuracy"] == 5 / 8
    assert found["f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))
    assert found["matthews"] == pytest.approx((2 * 3 - 1 * 2) / (3 * 4 * 4 * 5) ** 0.5)
    assert score(["f1", "matthews"], truth, np.zeros(8, dtype=int)) == {"f1": 0.0, "matthews": 0.0}
