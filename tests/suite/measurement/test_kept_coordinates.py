"""The study of kept coordinates, on rows whose answer is known."""

from pathlib import Path

import pytest
import torch

from suite.errors import UserError
from suite.measurement.kept_coordinates import print_tables, study


def test_twins_are_sent_once_and_nothing_is_missed() -> None:
    half = torch.randn(32, 16, generator=torch.Generator().manual_seed(0))
    rows, counts = torch.cat([half, half]), torch.tensor([64, 0])
    result = study(rows, counts, coordinates=(16, 32), functions=(8,), seeds=(0,))
    assert result["coordinates"].tolist() == [16]
    assert result["rate"].item() == pytest.approx(0.5)
    assert result["missed"].item() == pytest.approx(0.0, abs=1e-10)


def test_more_functions_send_more_and_miss_less() -> None:
    rows = torch.randn(400, 16, generator=torch.Generator().manual_seed(0))
    result = study(rows, torch.tensor([200, 200]), coordinates=(2,), functions=(1, 3, 6))
    two = result[result["coordinates"] == 2]
    assert two["rate"].is_monotonic_increasing and two["missed"].is_monotonic_decreasing


def test_it_prints_a_table_per_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = {"rows": torch.randn(50, 8), "expert": torch.zeros(50, dtype=torch.int64)}
    torch.save({"layers": {"decoder.1": layer}}, tmp_path / "step000001.rank0.pt")
    print_tables([tmp_path / "step000001.rank0.pt"])
    assert "decoder.1: 50 rows of 1 experts" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"captures: .* is not there"):
        print_tables([tmp_path / "step000002.rank0.pt"])
