"""Causes of alike tokens, judged by rates that a probe holds."""

import json

import pytest

from suite.claims.verdicts import judge_all
from tests.suite.builders.synthetic import write_probe
from tests.suite.claims.test_verdicts import book, one  # noqa: F401


@pytest.mark.parametrize(
    ("saved", "verdict"), [((0.1, 0.11, 0.12), "supported"), ((-0.1, -0.11, -0.12), "not supported"),
                           ((-0.1, 0.11, 0.0), "inconclusive"), ((0.1,), "inconclusive"), ((), "not measured")]
)  # fmt: skip
def test_a_cause_turns_with_its_rates(tmp_path, book, saved, verdict):  # noqa: F811
    path = write_probe(tmp_path, {"vanilla": [0.0], "lsh": [0.1]})
    record = json.loads(path.read_text())
    record["causes"] = [
        {"cause": cause, "text": text, "hash_seed": draw, "rows": 100, "rate_with": 0.3, "rate_without": 0.3 + rise}
        for text, rise in enumerate(saved)
        for draw in range(2)
        for cause in ("attention",)
    ]
    path.write_text(json.dumps(record))
    assert one(tmp_path, book("fewer", test="cause", cause="attention")).verdict == verdict
    (judged,) = judge_all(tmp_path, "nano", book("fewer", test="cause", cause="repeated tokens"))
    assert judged.finding.verdict == "not measured"
