"""Ranks in a lab: two fabrics, a link whose rate can be set, measured and counted, and an end in one line."""

import pytest

from suite.errors import RunError
from tests.suite.cluster.lab.ending import LINK_DOWN, cut_link_once_started, labs_of
from tests.suite.cluster.lab.lab_jobs import cluster, run
from tests.suite.cluster.lab.needs import needs_lab


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Two servers of two ranks each."""
    return run("everything", tmp_path_factory.mktemp("lab"), cluster("ranks=4", "ranks_per_server=2", "rate_mbit=400"))


@needs_lab
@pytest.mark.parametrize("path", ["flat", "hierarchical"])
def test_the_kernel_counts_what_the_meter_counts_between_servers(answers, path):
    for answer in answers:
        assert answer[path]["kernel"] == pytest.approx(answer[path]["metered"], rel=0.02)
        assert answer[path]["metered"] > 10**6
        assert answer[path]["dense"] < 0.02 * answer[path]["metered"], "rows took the open fabric"


@needs_lab
def test_the_rate_of_a_link_can_be_changed_while_ranks_run_and_is_measured(answers):
    fast, slow = answers[0]["fit100"], answers[0]["fit25"]
    assert all(answer["fit25"] == slow for answer in answers), "all ranks know the same fit"
    assert slow["beta"] / fast["beta"] == pytest.approx(4, rel=0.25)
    # No byte passes faster than the rate allows.
    assert slow["beta"] > 0.95 * 8 / 25e6
    assert len(slow["points"]) >= 3


@needs_lab
def test_a_rate_beyond_what_the_machine_carries_is_refused_on_every_rank(answers):
    allowed = f"allowed: up to {answers[0]['capacity_mbit']:.0f}, as measured with open links"
    assert {answer["refusal"] for answer in answers} == {
        f"cluster.rate_mbit: 1e+06 is more than this machine carries between servers; {allowed}"
    }
    assert answers[0]["transport"] == "shaped"


@needs_lab
def test_a_link_that_dies_ends_the_ranks_with_the_reason(tmp_path):
    with cut_link_once_started(tmp_path), pytest.raises(RunError, match=LINK_DOWN):
        run("forever", tmp_path, cluster())
    assert not labs_of(tmp_path)
