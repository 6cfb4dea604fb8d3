"""Settings chosen on captured rows reach their target, and the controller holds it while rows grow apart."""

import pytest
import torch
from torch import Tensor, nn

from baselines import BipartiteMerging, Condensation, KMeans, RandomClusters, RowDropping
from lshmoe import MoELayer, Reduction, lsh_reduction
from suite.errors import UserError
from suite.training.rate_choice import choose
from suite.training.rate_control import RateControl
from suite.training.target import rate_target

WIDTH, STEPS, TARGET = 16, 60, 0.2
WINDOW = 6  # steps whose mean is held; a single batch of 512 tokens may be off by more
REDUCTIONS = {
    "lsh": lsh_reduction,
    "kmeans": KMeans,
    "bipartite_merging": BipartiteMerging,
    "condensation": Condensation,
    "random": RandomClusters,
    "row_dropping": RowDropping,
}


def tokens(age: float, draw: int) -> Tensor:
    """512 tokens in 8 groups that lie the farther apart the older they are; another batch for each draw."""
    gen = torch.Generator().manual_seed(draw)
    centres = torch.randn(8, WIDTH, generator=torch.Generator().manual_seed(0))
    own = torch.randn(512, WIDTH, generator=gen)
    return centres[torch.randint(8, (512,), generator=gen)] + (0.3 + 0.5 * age) * own


class Stack(nn.Module):
    """Two layers, one on top of the other."""

    def __init__(self, make: type[Reduction]) -> None:
        super().__init__()
        made = [MoELayer(WIDTH, 32, 2, reduction=make(WIDTH, seed=n), name=f"layer{n}", seed=n) for n in range(2)]
        self.layers = nn.ModuleList(made)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + layer(x)
        return x


def share(model: Stack) -> float:
    sent, routed = (
        sum(getattr(layer.traffic, name) for layer in model.layers) for name in ("rows_sent", "rows_routed")
    )
    return float(sent / routed)


def train(model: Stack, control: RateControl, steps: range) -> list[float]:
    """Shares of steps in which rows grow apart."""
    shares = []
    for step in steps:
        model(tokens(step / STEPS, step))
        shares.append(share(model))
        held = control.after_step()["all"]
        assert held.rate == held.share == pytest.approx(shares[-1])
        for layer in model.layers:
            layer.traffic.reset()
    return shares


def begun(name: str) -> tuple[Stack, RateControl]:
    model = Stack(REDUCTIONS[name])
    control = RateControl(list(model.layers), rate_target("method.target_rate", TARGET, list(model.layers)))
    control.begin(lambda: model(tokens(0, 0)))
    return model, control


@pytest.mark.parametrize("name", REDUCTIONS)
@torch.no_grad()
def test_a_target_is_reached_on_the_first_rows_and_held(name: str) -> None:
    model, control = begun(name)
    shares = train(model, control, range(STEPS))
    assert shares[0] == pytest.approx(TARGET, abs=0.02)
    late = torch.tensor(shares[STEPS // 10 :])
    windows = late.unfold(0, WINDOW, 1).mean(1)
    assert float((windows - TARGET).abs().max()) <= 0.02


@torch.no_grad()
def test_without_control_the_rate_drifts_away() -> None:
    model, _ = begun("lsh")
    model(tokens(1, 1))
    assert share(model) > TARGET + 0.1


@torch.no_grad()
def test_a_resumed_controller_goes_on_with_the_same_settings() -> None:
    model, control = begun("lsh")
    train(model, control, range(20))
    saved = {name: value.clone() for name, value in control.state_dict().items()}
    expected = train(model, control, range(20, 40))
    again = Stack(REDUCTIONS["lsh"])
    resumed = RateControl(list(again.layers), control.target)
    resumed.load_state_dict(saved)
    resumed.resume()
    assert train(again, resumed, range(20, 40)) == expected
    assert {name: value.tolist() for name, value in resumed.state_dict().items()} == {
        name: value.tolist() for name, value in control.state_dict().items()
    }


@torch.no_grad()
def test_each_layer_may_have_a_setting_of_its_own() -> None:
    model = Stack(REDUCTIONS["lsh"])
    layers = list(model.layers)
    target = rate_target("method.target_rate", TARGET, layers, {"layer0": [0], "layer1": [1]})
    for choice in choose(layers, target, lambda: model(tokens(0, 0))):
        assert choice.share == pytest.approx(TARGET, abs=0.02)


@torch.no_grad()
def test_what_was_routed_before_does_not_count() -> None:
    model = Stack(REDUCTIONS["random"])
    layers = list(model.layers)
    model(tokens(0, 1))  # a warm-up step whose meters nobody has read
    for choice in choose(layers, rate_target("f", 0.1, layers), lambda: model(tokens(0, 0))):
        assert choice.share == pytest.approx(0.1, abs=0.02)


@torch.no_grad()
def test_choosing_changes_nothing_else() -> None:
    model = Stack(REDUCTIONS["random"])
    calls = [int(layer.reduction.calls) for layer in model.layers]
    before = torch.get_rng_state()
    choose(list(model.layers), rate_target("f", 0.3, list(model.layers)), lambda: model(tokens(0, 0)))
    assert torch.equal(torch.get_rng_state(), before)
    assert [int(layer.reduction.calls) for layer in model.layers] == calls
    assert [layer.traffic.rows_routed for layer in model.layers] == [0, 0]


@torch.no_grad()
def test_a_target_that_no_setting_reaches_says_what_the_nearest_give() -> None:
    model = Stack(REDUCTIONS["lsh"])
    same = torch.ones(512, WIDTH)  # rows that no hash tells apart
    message = (
        r"^method\.target_rate: no setting gives 0\.5 in all MoE layers on the first rows; the nearest: num_hashes="
    )
    with pytest.raises(UserError, match=message):
        choose(list(model.layers), rate_target("method.target_rate", 0.5, list(model.layers)), lambda: model(same))
