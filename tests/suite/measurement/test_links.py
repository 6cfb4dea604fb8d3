"""All links take turns in every round, and links whose kappa was missed are set anew."""

import pytest

from suite.cluster.lab.fit import LinkFit
from suite.config.compose import compose
from suite.measurement import links
from suite.measurement.link_rate import KappaMissed
from suite.measurement.links import ATTEMPTS, measure_links
from suite.records.schema.block import Block

BYTES, REST, WAITING = 10**6, 0.2, 0.01


class FakeLink:
    """A link of one direction, without headers; it notes the rates it was set to."""

    transport, ranks_per_server, capacity_mbit = "shaped", 1, 1e6

    def __init__(self) -> None:
        self.rates: list[float | None] = []

    def set_rate(self, rate_mbit: float | None) -> None:
        self.rates.append(rate_mbit)

    def settle(self) -> None: ...

    def fit(self, budget: float) -> LinkFit:
        return LinkFit(alpha=0.0, beta=0.0, points=())


def block(link: FakeLink, number: int, slower: float = 1.0) -> Block:
    rate = link.rates[-1]
    all_to_all = WAITING + (slower * 8e-6 * BYTES / rate if rate else 0.0)
    counts = dict.fromkeys(("rows_routed", "rows_sent", "bytes", "remote_bytes", "half_precision_bytes"), 1)
    phases = {"dispatch": all_to_all}
    return Block(
        round=number,
        position=0,
        method="vanilla",
        seconds=REST + all_to_all,
        phases=phases,
        inter_server_bytes=2 * BYTES,
        kernel_bytes=0,
        **counts,
    )


@pytest.fixture
def measure(monkeypatch):
    """Measure at some shares; rounds meet a link that is ``slower`` than the search finds it."""

    def run(shares: tuple[float, ...], slower: float = 1.0) -> tuple[list, FakeLink]:
        link = FakeLink()
        monkeypatch.setattr(links, "measure_block", lambda trainer, method, steps: block(link, 0))
        monkeypatch.setattr(links, "run_round", lambda trainers, number, **settings: [block(link, number, slower)])
        config = compose(["cluster=lab", "scale.measurement.steps_per_block=1", "scale.measurement.blocks=3"])
        return measure_links(config, {f"{100 * share:g}": share for share in shares}, {"vanilla": None}, link), link

    return run


def test_every_round_visits_all_links_between_the_fits(measure):
    measured, link = measure((0.3, 0.7))
    assert [each.name for each in measured] == ["lab_open", "lab_30", "lab_70"]
    in_turns = link.rates[-15:]  # fits, three rounds, fits
    assert in_turns == 5 * in_turns[:3] and in_turns[0] is None and in_turns[1] > in_turns[2]
    assert [[each.round for each in links.blocks] for links in measured] == 3 * [[0, 1, 2]]


def test_a_kappa_that_rounds_miss_is_aimed_at_anew(measure):
    measured, link = measure((0.3,), slower=1.2)
    (first, *_) = measured[1].blocks
    assert first.all_to_all / REST == pytest.approx(0.3 / 0.7, rel=0.001)
    assert len({rate for rate in link.rates[-10:] if rate}) == 1  # set by what the rounds said, without another look


def test_after_some_attempts_a_missed_kappa_is_an_error(measure, monkeypatch):
    monkeypatch.setattr(links, "approach", lambda link, *_: link.set_rate(1.0) or 1.0)
    monkeypatch.setattr(links, "corrected", lambda rate, *_: rate)
    with pytest.raises(KappaMissed, match="kappa"):
        measure((0.3,))
    assert ATTEMPTS > 1
