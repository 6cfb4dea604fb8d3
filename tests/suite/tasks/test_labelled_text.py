"""What tasks on labelled texts share: truncation and their options."""

import pytest

from suite.config.compose import compose
from suite.errors import UserError
from suite.tasks import build_task
from suite.tasks.labelled_text import truncate


def test_the_longer_text_is_cut_first() -> None:
    long, short = list(range(9)), [10, 11]
    assert truncate(long, short, 6) == ([0, 1, 2, 3], short)
    assert truncate(short, long, 6) == (short, [0, 1, 2, 3])
    assert truncate(long, long, 6) == ([0, 1, 2], [0, 1, 2])
    assert truncate(long, short, 20) == (long, short)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("task.training.nano.inputs.length=129", r"inputs.length: 129 exceeds context=128"),
        ("task.data.scores=[accurac]", r"task.data.scores.0: .*'accuracy'.*did you mean 'accuracy'"),
        ("task.data.classes=[a]", r"task.data.classes: "),
    ],
)
def test_a_wrong_option_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_task(compose(["task=sst2_like", override]))


def test_f1_needs_two_classes() -> None:
    with pytest.raises(UserError, match="f1 needs two classes, not 3"):
        build_task(compose(["task=sst2_like", "task.data.classes=[a,b,c]", "task.data.scores=[f1]"]))
