"""The digest covers what decides the numbers, and nothing else."""

import itertools

from suite.config.compose import compose
from suite.config.digest import config_sha256


def test_the_digest_covers_what_decides_the_numbers_and_nothing_else() -> None:
    plain = config_sha256(compose(["method=lsh"]))
    for same in (
        ["results=elsewhere"],
        ["origin.results=elsewhere"],
        ["model.sizes.mini.width=96"],
        ["scale.seeds=[0,1,2,3]"],
        ["glue_dir=elsewhere", "cifar10_dir=elsewhere.zip"],
    ):
        assert config_sha256(compose(["method=lsh", *same])) == plain
    changes = [
        ["seed=1"],
        ["seeds.model=1"],
        ["seeds.data=1"],
        ["seeds.hash=1"],
        ["origin.seed=1"],
        ["model.sizes.nano.width=64"],
        ["task.training.nano.steps=7"],
        ["task.data.held_out=0.1"],
        ["method.reduction.num_hashes=4"],
        ["cluster.ranks=4"],
        ["scale=mini"],
    ]
    digests = [config_sha256(compose(["method=lsh", *change])) for change in changes]
    assert plain not in digests
    assert all(a != b for a, b in itertools.combinations(digests, 2))
