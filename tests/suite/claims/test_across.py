"""A bound that every model, or some model, must keep."""

import pytest
import yaml

from suite.claims.verdicts import judge_all
from suite.errors import UserError
from tests.suite.builders.synthetic import write_run, write_speed


def judged(tmp_path, of, bound, places=("here", "same")):
    cell, gone = (
        {scale: {"model": model, "task": task} for scale in ("nano", "mini", "paper")}
        for model, task in (("gpt_moe", "text_lm"), ("t5_moe", "text_span"))
    )
    test = {"test": "across", "places": list(places), "of": of, "bound": bound}
    claim = {"id": "c", "section": "s", "statement": "t", "by": "test"}
    path = tmp_path / f"{of}-{bound}-{'-'.join(places)}.yaml"  # a book is read once
    values = {"places": {"here": cell, "same": cell, "gone": gone}, "tests": {"test": test}, "claims": [claim]}
    path.write_text(yaml.safe_dump(values))
    (one,) = judge_all(tmp_path, "nano", path)
    return one.finding.verdict


def test_one_model_refutes_every_and_proves_some(tmp_path):
    assert judged(tmp_path, "every", 1.5) == "not measured"
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    for seed in range(3):
        write_run(tmp_path, "vanilla", seed=seed, final=100.0 + seed)
        write_run(tmp_path, "lsh", seed=seed, final=100.0 + seed, rate=0.25)
    assert judged(tmp_path, "every", 1.5) == "insensitive"
    for seed in range(3):
        write_run(tmp_path, "random", seed=seed, final=150.0 + seed, rate=0.25)
    assert judged(tmp_path, "every", 1.5) == judged(tmp_path, "some", 1.5) == "supported"
    assert judged(tmp_path, "every", 3.0) == judged(tmp_path, "some", 3.0) == "not supported"
    assert judged(tmp_path, "every", 1.5, ("here", "gone")) == "inconclusive"
    assert judged(tmp_path, "every", 3.0, ("here", "gone")) == "not supported"
    assert judged(tmp_path, "some", 1.5, ("here", "gone")) == "supported"


def test_an_unknown_place_is_named(tmp_path):
    with pytest.raises(UserError, match=r"claims\.places: unknown 'there'; allowed: gone, here, same"):
        judged(tmp_path, "some", 1.0, ("here", "there"))
