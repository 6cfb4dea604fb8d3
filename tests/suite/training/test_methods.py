"""Methods: every configured one builds and trains a layer; bad options are refused before anything starts."""

import pytest
import torch

from lshmoe import IdentityReduction, LSHReduction, NativeWire
from suite.config.compose import compose
from suite.config.conf import choices
from suite.errors import UserError
from suite.training.methods import check_method, method_layer_factory


@pytest.mark.parametrize("method", choices("method"))
def test_every_method_builds_and_trains_a_layer(method: str) -> None:
    config = compose([f"method={method}", "cluster.ranks=1"])
    check_method(config)
    layer = method_layer_factory(config)("decoder.1", 32, 64)
    x = torch.randn(64, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
    y = layer(x)
    y.square().sum().backward()
    assert y.shape == x.shape
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in layer.parameters())
    assert layer.traffic.rows_routed == 2 * len(x)
    if rate := (config.method.reduction or {}).get("rate"):
        assert layer.traffic.rows_sent / layer.traffic.rows_routed == pytest.approx(rate, abs=0.1)


def test_null_means_the_plain_choice() -> None:
    layer = method_layer_factory(compose(["method=vanilla"]))("decoder.1", 16, 32)
    assert isinstance(layer.reduction, IdentityReduction)
    assert isinstance(layer.exchange.wire, NativeWire)


def test_options_reach_the_reduction() -> None:
    config = compose(["method=lsh", "method.reduction.num_hashes=3", "method.reduction.coordinates=4"])
    reduction = method_layer_factory(config)("decoder.1", 16, 32).reduction
    assert isinstance(reduction, LSHReduction)
    assert reduction.hash.num_hashes == 3
    assert reduction.hash.buckets_per_hash == 8


def test_layers_differ_and_depend_on_their_own_seeds_only() -> None:
    def weights(*overrides: str, index: int = 1) -> torch.Tensor:
        layer = method_layer_factory(compose(list(overrides)))(f"decoder.{index}", 16, 32)
        return torch.cat([parameter.flatten() for parameter in layer.parameters()])

    assert torch.equal(weights("method=vanilla"), weights("method=lsh"))
    assert not torch.equal(weights(), weights(index=3))
    assert not torch.equal(weights(), weights("seed=1"))


def test_layers_are_named_and_refuse_non_finite_rows() -> None:
    layer = method_layer_factory(compose())("decoder.3", 16, 32)
    with pytest.raises(RuntimeError, match=r"decoder\.3.*rank 0"):
        layer(torch.full((4, 16), torch.nan))


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        (["method=lsh", "method.reduction.coordinates=129"], ["method.reduction.coordinates", "128"]),
        (["method=lsh", "method.reduction.coordinates=0"], ["method.reduction.coordinates"]),
        (["method=lsh", "method.reduction.num_hashes=0"], ["method.reduction.num_hashes"]),
        (["method=lsh", "method.reduction.rotation=orthogon"], ["method.reduction.rotation", "orthogonal"]),
        (["method=lsh", "method.reduction.family=cross"], ["method.reduction.family", "cross_polytope"]),
        (["method=lsh", "+method.reduction.num_hashs=2"], ["num_hashs", "did you mean 'num_hashes'?"]),
        (["method=random", "method.reduction.rate=1.5"], ["method.reduction.rate", "1.5"]),
        (["method=bf16", "method.wire.dtype=bf16"], ["method.wire.dtype", "bfloat16"]),
        (["method=bf16", "method.wire._target_=lshmoe.NativeWir"], ["method.wire._target_", "NativeWir"]),
        (["method=lsh", "method.exchange={_target_: baselines.DedupExchange}"], ["method.exchange", "LSHReduction"]),
        (["method=lsh", "method.reduction.error_compensation=best"], ["method.reduction.error_compensation", "'best'"]),
        (["method=latent", "method.wire.share=2"], ["method.wire.share", "2"]),
        (["method=fp8", "method.wire._target_=nowhere.Wire"], ["method.wire._target_", "nowhere"]),
        (["method=fp8", "method.wire._target_=Wire"], ["method.wire._target_", "Wire"]),
    ],
    ids=lambda value: " ".join(value) if "=" in value[0] else "",
)
def test_bad_options_are_refused_in_one_line(overrides: list[str], parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        check_method(compose(overrides))
    assert "\n" not in str(refused.value)
    for part in parts:
        assert part in str(refused.value)
