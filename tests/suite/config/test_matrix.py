import pytest

from suite.config.compose import compose
from suite.config.matrix import RATE_OF, RunKey, measurement, select
from suite.errors import UserError
from tests.suite.builders.synthetic import write_run


def test_the_default_is_the_whole_nano_matrix():
    matrix = select({})
    assert matrix.scale == "nano"
    assert [run.method for run in matrix.runs if (run.model, run.task) == ("gpt_moe", "text_lm")] == [
        "vanilla",
        "lsh",
        "lsh_no_compensation",
        "int8",
        "lsh_fp8",
        "random",
    ]
    assert RunKey("gpt_moe", "text_lm", "lsh", 0) in matrix.runs


@pytest.mark.parametrize("seeds", [2, "2", [2], "[2]"])
def test_filters_come_as_words_lists_or_numbers(seeds):
    matrix = select({"scale": "nano", "tasks": "text_lm", "methods": "vanilla,lsh", "seeds": seeds})
    assert [run.path for run in matrix.runs] == [
        "runs/gpt_moe/text_lm/vanilla/seed2",
        "runs/gpt_moe/text_lm/lsh/seed2",
    ]


def test_any_configured_method_can_be_asked_for():
    assert {run.method for run in select({"methods": "int4"}).runs} == {"int4"}


def test_shares_are_those_of_fig_3_on_links_that_can_be_slowed_down():
    shares = {"gpt_moe": ("text_lm", 0.3), "roberta_moe": ("text_mlm", 0.4), "swin_moe": ("cifar10_test_resplit", 0.7)}
    assert select({}).shares == shares
    assert select({"models": "t5_moe"}).shares == {}
    assert select({"scale": "paper"}).shares == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "nanno"}, "scale: unknown 'nanno'; allowed: mini, nano, paper; did you mean 'nano'"),
        ({"methods": "lsg"}, "methods: unknown 'lsg'.*did you mean 'lsh'"),
        ({"models": "gpt"}, "models: unknown 'gpt'.*gpt_moe"),
        ({"tasks": "text"}, "tasks: unknown 'text'.*text_lm"),
        ({"seeds": "one"}, "seeds: 'one' is not a list of whole numbers"),
        ({"method": "lsh"}, "config: unknown 'method'.*did you mean 'methods'"),
        ({"cluster": "loopbak"}, "cluster: unknown 'loopbak'.*did you mean 'loopback'"),
        ({"timed_on": "lap"}, "timed_on: unknown 'lap'.*did you mean 'lab'"),
        ({"cluster": "slurm_gpu_4x8"}, "experts: 8 is not divisible by cluster.ranks=32; allowed: a multiple of 32"),
    ],
)
def test_a_bad_filter_is_one_line_naming_the_remedy(options, message):
    with pytest.raises(UserError, match=message) as error:
        select(options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("control", RATE_OF)
def test_a_control_has_a_rate_to_set(control):
    assert "rate" in compose([f"method={control}"]).method.reduction


def test_a_task_that_only_evaluates_is_run_but_not_timed():
    matrix = select({"scale": "mini", "models": "t5_moe"})
    assert "sst2_like_zero_shot" in {run.task for run in matrix.runs}
    assert matrix.timed == (("t5_moe", "text_span"),)


def seeds_of(runs, task, method):
    return [run.seed for run in runs if (run.task, run.method) == (task, method)]


def test_cells_may_have_seeds_of_their_own_and_those_of_one_task_add_up():
    matrix = select({"scale": "mini", "models": "bert_moe"})
    assert seeds_of(matrix.runs, "sst2_val_test", "lsh") == list(range(8))
    assert seeds_of(matrix.runs, "sst2_val_test", "int8") == list(range(4))
    assert ("bert_moe", "sst2_val_test") in matrix.probed, "the second cell alone would not be probed"
    assert matrix.timed == (("bert_moe", "sst2_val_test"),)
    assert {matrix.cluster(run.model, run.task) for run in matrix.runs} == {"one_rank"}
    assert seeds_of(select({"scale": "mini", "seeds": 3}).runs, "text_lm", "lsh") == [3]
    assert len(set(select({"scale": "mini", "methods": "lsh"}).runs)) == len(
        select({"scale": "mini", "methods": "lsh"}).runs
    )


def test_cells_of_one_task_train_in_one_place():
    with pytest.raises(
        UserError, match=r"matrix: cells of bert_moe on sst2_val_test name different clusters; name one"
    ):
        compose(
            [
                "scale=mini",
                "scale.matrix=["
                + ",".join(
                    f"{{model: bert_moe, task: sst2_val_test, methods: [lsh], cluster: {cluster}}}"
                    for cluster in ("one_rank", "lab")
                )
                + "]",
            ]
        )


def measured(results, **filters):
    return [(run.method, run.seed) for run in measurement(select(filters), "gpt_moe", "text_lm", results)]


def test_a_method_that_joins_later_is_measured_with_those_that_ran(tmp_path):
    assert measured(tmp_path, methods="vanilla,int4", seeds=5) == [("int4", 5), ("vanilla", 5)]
    for method in ("vanilla", "lsh", "no_longer_there"):
        write_run(tmp_path, method, seed=0)
    assert measured(tmp_path, methods="int4") == [("int4", 0), ("lsh", 0), ("vanilla", 0)]
    assert measured(tmp_path, methods="lsh") == [("lsh", 0), ("vanilla", 0)]
    assert measured(tmp_path, methods="int4", seeds=5) == [("lsh", 0), ("vanilla", 0)]  # nobody asked for int4, seed 0


def test_a_control_is_measured_with_the_method_it_copies(tmp_path):
    assert measured(tmp_path, methods="random") == [("lsh", 0), ("random", 0)]


def test_a_cluster_is_the_cell_s_the_scale_s_or_the_command_line_s():
    paper = select({"scale": "paper"})
    assert paper.cluster("gpt_moe", "wikibooks_lm") == "slurm_gpu_4x8"
    assert paper.cluster("roberta_moe", "wikibooks_mlm") == paper.timed_on == "gpu_server"
    chosen = select({"cluster": "slurm_cpu_2x1"})
    assert {chosen.cluster(run.model, run.task) for run in chosen.runs} == {"slurm_cpu_2x1"}
    assert chosen.timed_on == "lab"


def test_steps_are_timed_where_runs_train_if_the_scale_does_so():
    assert select({"scale": "paper", "cluster": "loopback"}).timed_on == "loopback"
    assert select({"scale": "paper", "cluster": "loopback", "timed_on": "lab"}).timed_on == "lab"
    assert select({"timed_on": "loopback"}).cluster("gpt_moe", "text_lm") == "loopback"
