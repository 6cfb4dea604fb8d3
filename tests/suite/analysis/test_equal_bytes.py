"""Who compares at equal bytes, by hand."""

import pytest

from suite.analysis.equal_bytes import Sent, equal_bytes
from suite.config.compose import compose


def sent(name, rate, relative_bytes, **target):
    return Sent(compose([f"method={name}"]).method.model_copy(update=target), rate, relative_bytes)


def cells(**methods):
    return {name: str(answer) for name, answer in equal_bytes(methods).items()}


def test_without_targets_all_are_held_against_lsh():
    assert cells(
        vanilla=sent("vanilla", 1.0, 2.0),
        bf16=sent("bf16", 1.0, 1.0),
        lsh=sent("lsh", 0.19, 0.38),
        random=sent("random", 0.2, 0.409),
        kmeans=sent("kmeans", 0.1, 0.2),
    ) == {
        "vanilla": "fixed: 200 % (float32 wire)",
        "bf16": "fixed: 100 %",
        "lsh": "own rate: 38 %",
        "random": "yes: 38 %",
        "kmeans": "no: 20 % against 38 %",
    }


def test_a_target_of_bytes_or_of_rows_is_what_counts():
    assert cells(
        lsh=sent("lsh", 0.19, 0.38, target_bytes=0.2),
        kmeans=sent("kmeans", 0.11, 0.22, target_bytes=0.2),
        random=sent("random", 0.25, 0.5, target_rate=0.2),  # 20 % of the rows would have been 40 % of the bytes
    ) == {"lsh": "no: 38 % against 20 %", "kmeans": "yes: 20 %", "random": "no: 50 % against 40 %"}


def test_with_nobody_to_follow_a_method_has_its_own_rate():
    assert cells(kmeans=sent("kmeans", 0.1, 0.2)) == {"kmeans": "own rate: 20 %"}


@pytest.mark.parametrize(("relative_bytes", "verdict"), [(0.409, "yes"), (0.411, "no"), (0.351, "yes"), (0.349, "no")])
def test_three_points_either_way_are_equal(relative_bytes, verdict):
    answers = equal_bytes({"lsh": sent("lsh", 0.19, 0.38), "kmeans": sent("kmeans", 0.2, relative_bytes)})
    assert answers["kmeans"].verdict == verdict
