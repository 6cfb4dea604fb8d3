import pytest

from suite.costmodel import paper


def test_eq_7_worked_by_hand():
    # 2 servers, 10 tokens, 2 experts each: 10 rows cross, of 8 elements, four times in each of 3 layers: 960 bytes.
    assert paper.all_to_all_seconds(10, 2, 8, 3, servers=2, bytes_per_second=96.0) == 10


def test_eq_8_worked_by_hand():
    # k = 2: 4·5 = 20 parameters per h² and layer, 6 FLOPs each; 10 tokens, 3 layers, h² = 64.
    assert paper.compute_seconds(10, 2, 8, 3, flops_per_second=230_400.0) == 1


@pytest.mark.parametrize(("tokens", "layers"), [(10, 3), (4096, 24)])
def test_eq_9_is_eq_7_over_eq_8_whatever_tokens_and_layers(tokens, layers):
    seconds = paper.all_to_all_seconds(tokens, 2, 768, layers, 4, 25e9)
    assert paper.ratio(2, 768, 4, 312e12, 25e9) == pytest.approx(
        seconds / paper.compute_seconds(tokens, 2, 768, layers, 312e12)
    )


def test_eq_9_at_the_papers_a100_cluster_worked_by_hand():
    # 312e12 / (6 · 25e9) = 2080; · 2/5 = 832; · 3 / (4 · 768) = 0.8125
    assert paper.ratio(2, 768, 4, 312e12, 25e9) == pytest.approx(0.8125)
    assert paper.share(0.8125) == pytest.approx(0.44828, rel=1e-4)


def test_bytes_and_eight_gpus_on_one_nic_make_the_ratio_sixteen_times_larger():
    corrections = {"bytes_per_element": 2, "nics_per_server": 1, "gpus_per_server": 8}
    printed = paper.ratio(2, 768, 4, 312e12, 25e9)
    assert paper.corrected_ratio(2, 768, 4, 312e12, 25e9, **corrections) == pytest.approx(16 * printed)
    seconds = paper.all_to_all_seconds(10, 2, 768, 12, 4, 25e9)
    corrected = paper.corrected_all_to_all_seconds(10, 2, 768, 12, 4, 25e9, **corrections)
    assert corrected == pytest.approx(16 * seconds)


def test_a_nic_per_gpu_of_one_byte_elements_is_the_printed_equation():
    corrections = {"bytes_per_element": 1, "nics_per_server": 8, "gpus_per_server": 8}
    assert paper.corrected_ratio(2, 768, 4, 312e12, 25e9, **corrections) == paper.ratio(2, 768, 4, 312e12, 25e9)


def test_one_server_has_no_traffic_and_more_servers_have_more_up_to_a_limit():
    ratios = [paper.ratio(2, 768, servers, 312e12, 25e9) for servers in (1, 2, 4, 8, 10**6)]
    assert ratios[0] == 0
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(2 * ratios[1], rel=1e-5)


def test_shares_and_kappas_are_inverse():
    assert paper.kappa(0.3) == pytest.approx(3 / 7)
    assert paper.share(paper.kappa(0.7)) == pytest.approx(0.7)
    with pytest.raises(ValueError, match="share"):
        paper.kappa(1.0)
