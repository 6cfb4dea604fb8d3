"""Models: their sizes."""

import pytest

from suite.config.compose import compose


def test_paper_scale_is_table_1() -> None:
    size = compose(["scale=paper"]).size
    assert (size.layers, size.width, size.ffn, size.experts, size.top_k) == (12, 768, 3072, 512, 2)
    moe_parameters = size.layers // size.moe_every * size.experts * 2 * size.width * size.ffn
    assert moe_parameters == pytest.approx(14_507e6, rel=2e-3)
