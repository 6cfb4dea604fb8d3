import json

import numpy as np
import pytest

from suite.analysis.gradient_error import error_rows
from suite.errors import UserError
from suite.figures.token_clusters import read_samples
from suite.measurement.probe import measure, parse
from suite.records.probes import read_probes
from suite.tables import gradient_error
from suite.training.train import train
from tests.suite.builders.synthetic import write_probe

SMALL = [
    "model.sizes.nano.layers=2",
    "model.sizes.nano.width=32",
    "model.sizes.nano.ffn=32",
    "task.training.nano.inputs.context=16",
    "task.training.nano.steps=2",
    "task.training.nano.eval_examples=32",
    "scale.probe.hash_seeds=2",
]


def test_a_small_probe_from_end_to_end(tmp_path):
    train(["method=vanilla", *SMALL, f"results={tmp_path}"])
    measure(["methods=[lsh,int8]", *SMALL, f"results={tmp_path}"])
    (probe,), faults = read_probes(tmp_path / "nano")
    assert not faults
    frame = probe.comparisons
    assert frame.groupby("method").size().to_dict() == {"bf16": 2, "vanilla": 2, "lsh": 4, "int8": 2}
    assert (frame.loc[frame["method"] == "vanilla", "expert_gradient.relative_error"] == 0).all()
    lsh, int8 = (frame[frame["method"] == method] for method in ("lsh", "int8"))
    assert (lsh["rate"] < 1).all() and lsh["rate"].nunique() > 1  # hash seeds and batches differ
    assert (int8["rate"] == 1).all() and (int8["relative_bytes"] < 1).all()
    assert (int8["output.relative_error"] > 0).all()
    assert str(probe.record.weights) == "vanilla, seed 0, step 2"
    sample = read_samples(tmp_path / "nano")["gpt_moe on text_lm"]
    assert sample["layer"] == "decoder.1"
    assert len(sample["rows"]) == len(sample["token"]) == len(sample["cluster"]) > 0
    assert len(np.unique(sample["cluster"])) < len(sample["cluster"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "holds no weights; make them by: lshmoe-bench train model=gpt_moe task=text_lm method=vanilla",
        ),
        (["methods=[lsg]"], r"method: unknown 'lsg'.*did you mean 'lsh'"),
        (["scale.probe.batches=0"], r"scale\.probe\.batches"),
    ],
)
def test_bad_input_is_refused_before_any_rank_starts(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        measure([*arguments, f"results={tmp_path}"])


def test_the_record_s_place(tmp_path):
    plan = parse(["model=roberta_moe", "methods=[lsh]", f"results={tmp_path}"])
    assert plan.record == tmp_path / "nano/probe/roberta_moe/text_mlm.json"
    assert [config.method.name for config in plan.configs] == ["bf16", "vanilla", "lsh"]


def test_rows_by_hand(tmp_path):
    write_probe(tmp_path, {"vanilla": [0.0], "lsh": [0.1, 0.3]})
    probes, _ = read_probes(tmp_path)
    rows = {(row.method, row.quantity): row for row in error_rows(probes)}
    assert len(rows) == 2 * 4
    lsh = rows["lsh", "expert_gradient"]
    # Batch 0 has errors 0.1 and 0.3, batch 1 twice as much; means by seed are 0.15 and 0.45.
    assert lsh.relative_error.value == pytest.approx(0.3)
    assert (lsh.relative_error.low, lsh.relative_error.high) == pytest.approx((0.1, 0.6))
    assert lsh.seed_sd == pytest.approx(0.3 / 2**0.5)
    assert (lsh.hash_seeds, lsh.batches, lsh.rate) == (2, 2, 0.25)
    assert rows["vanilla", "output"].seed_sd is None
    assert lsh.loss_excess == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda record: record | {"schema": 99}, "schema 99"),
        (lambda record: record | {"model": "another"}, "names another model"),
        (lambda record: record | {"comparisons": record["comparisons"] * 2}, "occurs twice"),
        (lambda record: record | {"comparisons": [{"method": "lsh"}]}, "lacks batch"),
        (lambda record: {}, "schema None"),
    ],
)
def test_a_damaged_probe_is_named_and_the_table_says_so(tmp_path, capsys, damage, reason):
    path = write_probe(tmp_path, {"vanilla": [0.0], "lsh": [0.1]})
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    gradient_error.build(tmp_path, "nano")
    assert reason in capsys.readouterr().err
    assert "invalid record" in (tmp_path / "tables/gradient_error.csv").read_text()
    assert reason in (tmp_path / "tables/gradient_error.md").read_text()
