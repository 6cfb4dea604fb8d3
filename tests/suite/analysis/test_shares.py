"""Fig. 3's rows and the series behind them: what doubles, what stays, what eq. 6 expects."""

import json

import pytest

from suite.analysis.shares import read_shares
from suite.errors import UserError
from suite.figures import shares as figure
from suite.measurement.shares import parse
from suite.tables import shares as table
from tests.suite.builders.synthetic import write_shares


@pytest.fixture
def results(tmp_path):
    write_shares(tmp_path, {"base": 0.3, "doubled experts": 0.31, "doubled servers": 0.38})
    return tmp_path


def test_eq_6_expects_experts_to_change_nothing_and_servers_only_what_stays_at_home(results):
    (base, experts, servers), _ = read_shares(results)
    noise = 1e-3  # of the rounds
    assert [row.share.value for row in (base, experts, servers)] == pytest.approx([0.3, 0.31, 0.38], rel=noise)
    assert base.share.low < 0.3 < base.share.high
    assert base.kappa == pytest.approx(0.3 / 0.7)
    assert experts.expected_share == pytest.approx(0.3, rel=noise)
    kappa = 0.3 / 0.7 * (3 / 4) / (1 / 2)  # half of all rows leave one of two servers, three quarters one of four
    assert servers.expected_share == pytest.approx(kappa / (1 + kappa), rel=noise)
    assert [row.slowdown for row in (base, experts, servers)] == [1, 1, 1.9]
    assert base.latency_share == pytest.approx(10 * 1e-3 / 0.1)
    assert {row.paper_share for row in (base, experts, servers)} == {0.3}


def test_table_and_figure_are_built_from_records_alone(results):
    table.build(results, "nano")
    text = (results / "tables/shares.md").read_text()
    assert "| gpt_moe | doubled servers |" in " ".join(text.split())
    assert len((results / "tables/shares.csv").read_text().splitlines()) == 4
    paths = figure.build(results)
    assert {path.suffix for path in paths} == {".svg", ".pdf", ".png"}
    svg = (results / "figures/shares.svg").read_text()
    assert "doubled experts" in svg and "expected by eq. 6" in svg


def test_a_record_at_fault_is_named_in_the_table(results):
    path = results / "shares/lab/gpt_moe.json"
    record = json.loads(path.read_text())
    del record["variants"][1]["blocks"][0]["phases"]
    path.write_text(json.dumps(record))
    table.build(results, "nano")
    assert "Invalid record `shares/lab/gpt_moe.json`" in (text := (results / "tables/shares.md").read_text())
    assert "variants.1.blocks.0 lacks phases" in text
    path.write_text("{")
    assert "is not JSON" in read_shares(results)[1][0].reason


def test_no_record_is_said_with_the_remedy(tmp_path):
    with pytest.raises(UserError, match="no shares; measure them first"):
        figure.build(tmp_path)


def test_the_series_double_experts_or_servers_and_keep_the_tokens_of_a_rank():
    series = parse(["scale=nano"])
    assert [each.model for each in series] == ["gpt_moe", "roberta_moe", "swin_moe"]  # those of Fig. 3
    for each in series:
        assert each.wide.size.experts == 2 * each.base.size.experts
        assert each.wide.cluster == each.base.cluster
        assert each.doubled.size == each.base.size
        tokens = [config.training.batch_examples / config.cluster.ranks for config in (each.base, each.doubled)]
        assert tokens[0] == tokens[1] and each.doubled.cluster.ranks == 2 * each.base.cluster.ranks
    assert [each.share for each in series] == [0.3, 0.4, 0.7]


def test_models_that_fig_3_lacks_are_refused():
    with pytest.raises(UserError, match=r"none of scale nano is in Fig\. 3"):
        parse(["scale=nano", "models=[t5_moe]"])
