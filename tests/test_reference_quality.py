"""The published run really learned: every model beats the trivial one by a margin fixed here, with the method on."""

from pathlib import Path

import pytest

from suite.records.evidence import Run, read_evidence

REFERENCE = Path(__file__).parent.parent / "results" / "reference"
# Perplexity at most this much of the unigram model's; of a share, at least this much more than the majority class's.
PERPLEXITY, SHARE = 0.8, 0.05

RUNS = [run for run in read_evidence(REFERENCE).runs if run.method in ("vanilla", "lsh")]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.model}-{run.task}-{run.method}")
def test_a_run_beats_its_baseline(run: Run) -> None:
    value, trivial = run.summary.final[run.metric], run.summary.baseline.quality[run.metric]
    if run.summary.metric.higher_is_better:
        assert value >= trivial + SHARE
    else:
        assert value <= PERPLEXITY * trivial


def test_every_model_and_both_paddings_are_there() -> None:
    cells = {(run.model, run.task) for run in RUNS}
    assert {model for model, _ in cells} == {"gpt_moe", "roberta_moe", "t5_moe", "swin_moe"}
    assert {"sst2_like", "sst2_like_padded"} <= {task for _, task in cells}
