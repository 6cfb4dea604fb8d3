"""A run: its seeds, and the rules across its parts."""

import pytest

from suite.config.compose import compose
from suite.config.run import RunConfig
from suite.config.validation import validate


def test_a_stream_of_randomness_follows_its_own_seed_or_else_the_root() -> None:
    config = compose(["seed=3", "seeds.data=7"])
    assert [config.root_seed(stream) for stream in ("model", "data", "hash")] == [3, 7, 3]
    earlier = config.model_dump(mode="json", exclude={"seeds", "origin"})
    assert validate(earlier).root_seed("data") == 3  # a record from before there were such seeds


def test_a_configuration_cannot_be_changed() -> None:
    config: RunConfig = compose()
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 1
