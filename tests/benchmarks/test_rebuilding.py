"""All tables and figures from 2,000 run records, on a quiet machine: at most two and a half minutes."""

import time

from suite.figures import build as figures
from suite.tables import build as tables
from tests.suite.builders.synthetic import write_probe, write_run, write_sample, write_speed

BAR_SECONDS = 150
MODELS = ("gpt_moe", "roberta_moe", "t5_moe", "swin_moe")
TASKS = ("text_lm", "sst2_like", "vitaminc", "squad_sentence", "agreement")
METHODS = "vanilla lsh lsh_no_compensation int8 fp8 lsh_fp8 random kmeans condensation bf16".split()
SEEDS = range(10)


def test_two_thousand_runs_are_rebuilt_within_the_bar(tmp_path):
    for model in MODELS:
        for task in TASKS:
            for number, method in enumerate(METHODS):
                rate = 1.0 if method in ("vanilla", "int8", "fp8", "bf16") else 0.2 + number / 50
                for seed in SEEDS:
                    names = {"model": model, "task": task}
                    write_run(tmp_path, method, seed, 100.0 + number + seed, steps=100, rate=rate, **names)
    write_speed(tmp_path, {method: 2.0 - number / 10 for number, method in enumerate(METHODS)})
    write_probe(tmp_path, {"vanilla": [0.0], "lsh": [0.1, 0.3]})
    write_sample(tmp_path)
    begun = time.perf_counter()
    tables.build(tmp_path, "nano")
    after_tables = time.perf_counter()
    figures.build(tmp_path)
    ended = time.perf_counter()
    rows = (tmp_path / "tables" / "runs.csv").read_text().splitlines()[1:]
    assert len(rows) == len(MODELS) * len(TASKS) * len(METHODS) * len(SEEDS) == 2000
    print(f"\n2,000 runs: tables {after_tables - begun:.1f} s, figures {ended - after_tables:.1f} s")
    assert ended - begun <= BAR_SECONDS
