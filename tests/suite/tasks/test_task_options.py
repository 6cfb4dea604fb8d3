"""Options that only a task's own class knows are refused as helpfully as all others, before any rank starts."""

import pytest

from suite.config.compose import compose
from suite.errors import UserError
from suite.training.check import check


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("task.training.nano.inputs.vocabulary=100", ["inputs.vocabulary:", "260"]),
        ("+task.training.nano.inputs.contxt=100", ["inputs.contxt: unknown field", "did you mean 'context'?"]),
        ("+task.data.source=[sotu]", ["task.data.source: unknown field", "did you mean 'sources'?"]),
        ("model.host=suite.hosts.gpt_mo", ["model.host:", "cannot be loaded"]),
    ],
)
def test_a_wrong_option_is_refused(override: str, parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        check(compose([override]))
    assert all(part in str(refused.value) for part in parts), refused.value
