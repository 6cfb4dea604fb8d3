"""Every host: MoE layers where they belong, one function on one rank and on two, learning, and resuming exactly."""

from typing import Any

import pytest
import torch

from lshmoe import moe_layers
from tests.ranks import run_ranks
from tests.suite.builders import tiny_hosts
from tests.suite.builders.tiny_hosts import EXAMPLES, HOSTS, LENGTH, Host, loss_and_gradients, loss_of

# So many functions that no two rows agree on all: every row is a cluster of its own.
SINGLETONS = ["method=lsh", "method.wire=null", "method.reduction.num_hashes=500", "method.reduction.coordinates=32"]


@pytest.fixture(params=HOSTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def host(name: str) -> Host:
    return HOSTS[name]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return run_ranks(2, tiny_hosts.on_two_ranks, tmp_path_factory.mktemp("ranks"))


def test_moe_layers_are_where_they_belong_and_each_stream_knows_its_own(host: Host) -> None:
    model = host.build()
    assert {stream: [layer.name for layer in known.layers] for stream, known in model.streams.items()} == host.moe
    assert [layer for known in model.streams.values() for layer in known.layers] == moe_layers(model)
    data = host.batch(0)
    assert model(**data.inputs).shape == (*data.targets.shape, host.classes)


def test_kinds_have_the_order_of_the_rows_that_layers_see(host: Host) -> None:
    model, data = host.build(), host.batch(0)
    seen: dict[str, torch.Size] = {}
    for layer in moe_layers(model):
        layer.register_forward_pre_hook(lambda module, args: seen.update({module.name: args[0].shape[:-1]}))
    model(**data.inputs)
    for stream, kinds in data.kinds.items():
        known = model.streams[stream]
        for layer in known.layers:
            assert seen[layer.name] == (kinds.T if known.time_first else kinds).shape
            assert kinds.shape[0] != kinds.shape[1], "this test cannot tell the two apart"


def test_weights_depend_on_the_seed_alone(host: Host) -> None:
    torch.manual_seed(1)
    first = host.build("method=vanilla")
    torch.manual_seed(2)
    second = host.build("method=lsh")
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = host.build("seed=1")
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("method", ["vanilla", "lsh"])
def test_the_loss_falls(host: Host, method: str) -> None:
    model = host.build(f"method={method}")
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for step in range(60):
        loss = loss_of(model, host.batch(step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) / 5 < losses[0] / 2


def test_lsh_that_puts_every_row_into_a_cluster_of_its_own_is_vanilla(host: Host) -> None:
    loss, gradients = loss_and_gradients(host)
    other, others = loss_and_gradients(host, *SINGLETONS)
    assert other == pytest.approx(loss, rel=1e-5)
    for key, gradient in gradients.items():
        torch.testing.assert_close(
            others[key], gradient, atol=1e-6, rtol=1e-3, msg=lambda text, key=key: f"{key}: {text}"
        )


def test_two_ranks_compute_what_one_does(name: str, host: Host, ranks: list[dict[str, Any]]) -> None:
    loss, gradients = loss_and_gradients(host)
    (first, firsts), (second, seconds) = (rank[name][0] for rank in ranks)
    assert (first + second) / 2 == pytest.approx(loss, rel=1e-5)
    experts = tiny_hosts.expert_names(host)
    assert experts
    for key, gradient in gradients.items():
        joined = torch.cat([firsts[key], seconds[key]]) if key in experts else (firsts[key] + seconds[key]) / 2
        torch.testing.assert_close(joined, gradient, atol=1e-6, rtol=1e-4, msg=lambda text, key=key: f"{key}: {text}")


def test_a_resumed_training_has_the_same_bits(name: str, ranks: list[dict[str, Any]]) -> None:
    for rank in ranks:
        (metrics, weights), (resumed_metrics, resumed_weights) = rank[name][1]
        assert resumed_metrics == metrics
        assert [key for key, value in weights.items() if not torch.equal(value, resumed_weights[key])] == []


@pytest.mark.parametrize(("decoder", "stream"), [("gpt_moe", "tokens_BT"), ("t5_moe", "target_BT")])
def test_a_decoder_does_not_see_what_comes_next(decoder: str, stream: str) -> None:
    model, inputs = HOSTS[decoder].build().eval(), HOSTS[decoder].batch(0).inputs
    changed = inputs | {stream: inputs[stream].clone()}
    changed[stream][:, 4:] = 5
    before, after = model(**inputs), model(**changed)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-6)
    assert not torch.allclose(before[:, 4:], after[:, 4:], atol=1e-2)


def test_an_encoder_sees_both_sides() -> None:
    model, inputs = HOSTS["roberta_moe"].build().eval(), HOSTS["roberta_moe"].batch(0).inputs
    places = torch.full((EXAMPLES, 1), LENGTH // 2)
    before = model(inputs["tokens_BT"], places)
    for changed_place in (0, LENGTH - 1):
        changed = inputs["tokens_BT"].clone()
        changed[:, changed_place] = 5
        assert not torch.allclose(before, model(changed, places), atol=1e-4)
