"""The three axes are independent: any reduction goes with any wire over any exchange."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from lshmoe import MoELayer
from tests.baselines import combinations, exchange_jobs
from tests.ranks import run_ranks

# The load of every expert and a number of tokens, in single precision.
LOADS_BYTES = 4 * (combinations.EXPERTS + 1)
WEIGHT_BYTES, PLACE_BYTES, COUNT_BYTES = 4, 4, 8


def check(result, reduction, reduces=True):
    assert result["shape"]
    assert result["finite"]
    # A parameter of a reduction that reduces nothing has nothing to learn.
    assert result["without gradient"] == [] if reduces else ["reduction.error_compensation"]
    if reduction == "identity" or not reduces:
        assert result["rows sent"] == result["rows routed"]
    else:
        assert 0 < result["rows sent"] < result["rows routed"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("reduction", "wire", "exchange"), combinations.EVERY)
def test_every_combination_on_one_process(reduction, wire, exchange, dtype):
    result = combinations.run(reduction, wire, exchange, dtype)
    # Nothing crosses a bridge with one end.
    check(result, reduction, reduces=exchange != "bridge")
    if exchange in combinations.WHOLE_TOKENS:
        beside, rows = result["rows routed"] * dtype.itemsize, combinations.TOKENS
        expected = {phase: rows * size for phase, size in result["row bytes"].items()}
        expected["dispatch"] += beside + result["rows routed"] * PLACE_BYTES
        expected["dispatch_backward"] += beside
    else:
        expected = {phase: result["rows sent"] * size for phase, size in result["row bytes"].items()}
    assert result["bytes"] == expected


@pytest.mark.parametrize("exchange", combinations.EXCHANGES)
def test_every_combination_on_two_ranks(exchange):
    # Counts go once per expert; a token that goes once per rank is counted per rank, too.
    counts = COUNT_BYTES * (combinations.EXPERTS + 2 * (exchange in combinations.WHOLE_TOKENS))
    names_of = [names for names in combinations.EVERY if names[2] == exchange]
    for names, *ranks in zip(names_of, *run_ranks(2, exchange_jobs.every_combination, exchange), strict=True):
        row_bytes = combinations.row_bytes(names[1])
        beside = dict.fromkeys(row_bytes, 0)
        for result in ranks:
            check(result, names[0])
            assert result["bytes"]["counts"] == counts
            assert result["bytes"]["loads"] == LOADS_BYTES
            if exchange in combinations.WHOLE_TOKENS:
                beside["dispatch"] += result["rows routed"] * (WEIGHT_BYTES + PLACE_BYTES)
                beside["dispatch_backward"] += result["rows routed"] * WEIGHT_BYTES
        # Over both ranks each phase carries the same rows: own rows go out, and their outputs come back.
        rows = {
            phase: (sum(result["bytes"][phase] for result in ranks) - beside[phase]) / size
            for phase, size in row_bytes.items()
        }
        sent = sum(result["rows sent"] for result in ranks)
        if exchange in combinations.WHOLE_TOKENS:
            assert len(set(rows.values())) == 1 and combinations.TOKENS < rows["dispatch"] < sent, names
        else:
            assert set(rows.values()) == {sent}, names
            # A rank's own rows go out and their gradients with them.
            for phase in ("dispatch", "combine_backward"):
                assert [result["bytes"][phase] for result in ranks] == [
                    result["rows sent"] * row_bytes[phase] for result in ranks
                ], names


@pytest.mark.parametrize("exchange", sorted(combinations.WHOLE_TOKENS))
@pytest.mark.parametrize("reduction", [name for name in combinations.REDUCTIONS if name != "identity"])
def test_exchanges_of_whole_tokens_refuse_reductions(reduction, exchange):
    with pytest.raises(ValueError, match=r"exchange: .* set reduction to null or take another exchange"):
        combinations.run(reduction, "native", exchange)


@pytest.mark.parametrize(
    ("reduction", "exchange"),
    [("identity", "dedup"), ("lsh, estimated compensation", "flat"), ("bipartite merging", "bridge")],
)
def test_a_recomputed_layer_has_the_same_gradients(reduction, exchange):
    def gradients(recompute):
        layer = MoELayer(
            combinations.DIM,
            12,
            combinations.EXPERTS,
            reduction=combinations.REDUCTIONS[reduction](),
            exchange=combinations.EXCHANGES[exchange](),
        )
        x = torch.randn(30, combinations.DIM, generator=torch.Generator().manual_seed(0)).requires_grad_()
        out = checkpoint(layer, x, use_reentrant=False) if recompute else layer(x)
        out.square().sum().backward()
        return [x.grad, *(parameter.grad for parameter in layer.parameters())]

    for recomputed, kept in zip(gradients(True), gradients(False), strict=True):
        assert torch.equal(recomputed, kept)
