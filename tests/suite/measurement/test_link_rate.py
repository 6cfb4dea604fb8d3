"""The link is slowed down until all-to-all takes the wanted share, and a measurement that misses it is refused."""

import pytest

from suite.costmodel.paper import kappa
from suite.errors import UserError
from suite.measurement.link_rate import KappaMissed, ReferenceStep, approach, corrected, require_near

REST, BYTES = 0.2, 2e6


class FakeLink:
    """All-to-alls take what they take on an open link, plus the bytes at 1.4 times the nominal rate's time."""

    def __init__(self, disturbed: int = -1, capacity_mbit: float = 1e5) -> None:
        self.capacity_mbit = capacity_mbit
        self.rates: list[float] = []
        self.disturbed = disturbed

    def set_rate(self, rate_mbit: float) -> None:
        self.rates.append(rate_mbit)

    def time_reference(self) -> ReferenceStep:
        seconds = 0.02 + 1.4 * 8e-6 * BYTES / self.rates[-1]
        return ReferenceStep(seconds * (3 if len(self.rates) == self.disturbed else 1), REST)


OPEN = ReferenceStep(0.02, REST)


@pytest.mark.parametrize("share", [0.15, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("disturbed", [-1, 1, 2])
def test_the_rate_that_gives_the_share_is_found_whatever_the_link_really_carries(share: float, disturbed: int) -> None:
    link = FakeLink(disturbed)
    assert approach(link, kappa(share), OPEN, BYTES, link.time_reference) == link.rates[-1]  # type: ignore[arg-type]
    assert link.time_reference().kappa == pytest.approx(kappa(share), rel=0.03)
    assert len(link.rates) <= 6


def test_a_coarser_aim_takes_fewer_looks() -> None:
    fine, coarse = FakeLink(), FakeLink()
    approach(fine, kappa(0.7), OPEN, BYTES, fine.time_reference)  # type: ignore[arg-type]
    approach(coarse, kappa(0.7), OPEN, BYTES, coarse.time_reference, aim=0.5)  # type: ignore[arg-type]
    assert len(coarse.rates) < len(fine.rates)


def test_what_a_measurement_reached_corrects_the_rate() -> None:
    link = FakeLink()
    link.set_rate(100.0)
    link.set_rate(corrected(100.0, kappa(0.7), link.time_reference(), OPEN))
    assert link.time_reference().kappa == pytest.approx(kappa(0.7))


def test_a_share_that_open_links_exceed_is_refused_with_the_remedy() -> None:
    link = FakeLink()
    with pytest.raises(UserError, match=r"shares: 0\.05 cannot be reached: all-to-all takes 9% .* a larger share"):
        approach(link, kappa(0.05), OPEN, BYTES, link.time_reference)  # type: ignore[arg-type]
    assert not link.rates


def test_a_share_that_takes_a_faster_link_than_there_is_is_refused_likewise() -> None:
    link = FakeLink(capacity_mbit=10)
    with pytest.raises(UserError, match=r"shares: 0\.3 cannot be reached"):
        approach(link, kappa(0.3), OPEN, BYTES, link.time_reference)  # type: ignore[arg-type]
    assert not link.rates


def test_a_measurement_may_be_ten_percent_off_and_no_more() -> None:
    require_near(0.46, kappa(0.3))
    require_near(0.39, kappa(0.3))
    with pytest.raises(KappaMissed, match=r"0\.48 was reached where 0\.429 was asked for .* \+12% off; allowed: 10%"):
        require_near(0.48, kappa(0.3))
