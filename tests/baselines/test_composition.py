"""The three axes are independent: any reduction goes with any wire over any exchange."""

import pytest
import torch

from tests.baselines import combinations, exchange_jobs
from tests.ranks import run_ranks

# The load of every expert and a number of tokens, in single precision.
LOADS_BYTES = 4 * (combinations.EXPERTS + 1)
PHASES = ["dispatch", "combine", "combine_backward", "dispatch_backward"]


def check(result, reduction):
    assert result["shape"]
    assert result["finite"]
    assert result["without gradient"] == []
    if reduction == "identity":
        assert result["rows sent"] == result["rows routed"]
    else:
        assert 0 < result["rows sent"] < result["rows routed"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("reduction", "wire", "exchange"), combinations.EVERY)
def test_every_combination_on_one_process(reduction, wire, exchange, dtype):
    result = combinations.run(reduction, wire, exchange, dtype)
    check(result, reduction)
    assert result["bytes"] == dict.fromkeys(PHASES, result["rows sent"] * result["row bytes"])


def test_every_combination_on_two_ranks():
    for names, *ranks in zip(combinations.EVERY, *run_ranks(2, exchange_jobs.every_combination), strict=True):
        for result in ranks:
            check(result, names[0])
            # Own rows go out and their gradients with them; what comes back is counted by the rank that sends it.
            for phase in ("dispatch", "combine_backward"):
                assert result["bytes"][phase] == result["rows sent"] * result["row bytes"], names
            assert result["bytes"]["counts"] == 8 * combinations.EXPERTS
            assert result["bytes"]["loads"] == LOADS_BYTES
        total = sum(sum(result["bytes"].values()) for result in ranks)
        sent = sum(result["rows sent"] * result["row bytes"] for result in ranks)
        assert total == 4 * sent + 2 * (8 * combinations.EXPERTS + LOADS_BYTES), names
