import pytest

from suite.config.paper.published import published
from suite.costmodel import paper, predict
from suite.costmodel.sheets import Shape, Targets, network, sheets, vanilla_method, workload
from suite.costmodel.targets import kappa_target, share_targets, sheet_targets
from suite.errors import UserError

EVERY_LAYER = Shape(layers=12, moe_layers=12, width=768, ffn=3072, experts=16, top_k=2)


def test_with_every_layer_a_moe_layer_flops_are_those_of_eq_8():
    flops = EVERY_LAYER.dense_flops + EVERY_LAYER.expert_flops
    assert flops == paper.compute_seconds(1, 2, 768, 12, flops_per_second=1.0)
    assert EVERY_LAYER.expert_part == pytest.approx(4 / 5)  # 2k of 1 + 2k


def test_every_other_layer_halves_the_experts():
    shape = Shape(layers=12, moe_layers=6, width=768, ffn=3072, experts=16, top_k=2)
    assert shape.expert_part == pytest.approx(1 / 2)  # 16 of 8 + 8 + 16


def test_without_latency_the_step_model_has_the_kappa_of_the_corrected_equations():
    cluster = (
        sheets()
        .clusters["a100_4x8"]
        .model_copy(update={"latency_seconds": 0.0, "message_seconds": 0.0, "achieved_fraction": 1.0})
    )
    assumptions = sheets().assumptions.model_copy(update={"count_bytes": 0.0, "gate_bytes": 0.0})
    flat = network(cluster, "flat")
    cost = workload(EVERY_LAYER, cluster, flat, assumptions).cost(vanilla_method(EVERY_LAYER, assumptions))
    expected = paper.corrected_ratio(
        2, 768, 4, cluster.gpu.flops, cluster.nic_rate, bytes_per_element=2, nics_per_server=2, gpus_per_server=8
    )
    assert predict(cost, flat).kappa == pytest.approx(expected)


def test_clusters_grow_by_servers_and_sites_by_gpus():
    clusters = sheets().clusters
    grown = clusters["a100_4x8"].topology(1024)
    assert (grown.servers, grown.gpus_per_server) == (128, 8)
    grown = clusters["h100_two_sites"].topology(1024)
    assert (grown.servers, grown.gpus_per_server) == (2, 512)
    with pytest.raises(ValueError, match="gpus: 12 is not a multiple of 8"):
        clusters["a100_4x8"].topology(12)


def test_an_unknown_gpu_is_refused():
    values = sheets().model_dump()
    values["clusters"]["a100_4x8"]["hardware"] = "a1000"
    with pytest.raises(ValueError, match=r"a100_4x8\.hardware: unknown 'a1000'; allowed: v100, a100, h100"):
        Targets.model_validate(values)


def test_targets_are_the_papers_shares_and_every_model_on_every_cluster():
    assert {target.name: round(target.kappa, 3) for target in share_targets()} == {
        "share_gpt_moe": 0.429,
        "share_roberta_moe": 0.667,
        "share_swin_moe": 2.333,
        "share_average": 0.818,
    }
    assert len(sheet_targets()) == len(published().models) * len(sheets().clusters)
    assert kappa_target("gpt_moe_a100_4x8").kappa > kappa_target("gpt_moe_h100_4x8").kappa > 0


def test_an_unknown_target_is_a_clear_error():
    with pytest.raises(UserError, match=r"shares: unknown 'share_gpt'.*did you mean 'share_gpt_moe'"):
        kappa_target("share_gpt")
