"""Our models beside the paper's Table 1."""

import csv

import pytest

from suite.analysis.models import model_rows, row_readings, whole_row
from suite.config.paper.table1 import Table1, table1
from suite.config.validation import parse_options
from suite.errors import UserError
from suite.tables import models


def row_of(name):
    (row,) = [row for row in table1().rows if row.model == name]
    return row


@pytest.fixture(scope="module")
def gpt():
    return row_of("gpt_moe"), row_readings(table1(), row_of("gpt_moe"))


def cells(row, candidates):
    return {cell.quantity: cell for cell in model_rows(row, candidates, table1().tolerance)}


def altered(row, **changes):
    return row.model_copy(update={"printed": row.printed.model_copy(update=changes)})


def test_gpt_15b_s_moe_parameters_are_six_layers_of_512_experts_with_their_biases(gpt):
    cell = cells(*gpt)["moe_params"]
    assert cell.match == "yes"
    assert cell.reading == "every other layer (6 MoE layers), with biases, no gates"
    assert cell.counted == 6 * 512 * (2 * 768 * 3072 + 768 + 3072)
    assert 0 < cell.readings_matching < cell.readings_tried


def test_gpt_15b_s_other_parameters_have_no_reading(gpt):
    cell = cells(*gpt)["dense_params"]
    assert cell.match == "no"
    assert cell.reading.startswith("none; nearest: ")
    assert abs(cell.deviation) > table1().tolerance
    assert "none" in whole_row(*gpt, table1().tolerance)


@pytest.mark.parametrize(
    ("quantity", "changes"),
    [
        ("layers", {"layers": 13}),
        ("d_model", {"d_model": 769}),
        ("d_ffn", {"d_ffn": 3000}),
        ("experts", {"experts": 256}),
        ("moe_params", {"moe_params": 14507 * 1.03}),
        ("total_params", {"total_params": 14629 * 1.03}),
    ],
)
def test_an_altered_number_does_not_match(gpt, quantity, changes):
    row, candidates = gpt
    assert cells(row, candidates)[quantity].match == "yes"
    assert cells(altered(row, **changes), candidates)[quantity].match == "no"


def test_a_row_that_one_reading_explains_names_it(gpt):
    row, candidates = gpt
    wanted = candidates[0]
    printed = altered(row, moe_params=wanted.moe / 1e6, total_params=wanted.total / 1e6)
    assert wanted.text("total") in whole_row(printed, candidates, table1().tolerance)


def test_the_files_have_the_promised_columns(gpt, tmp_path, monkeypatch):
    one = table1().model_copy(update={"rows": [gpt[0]]})
    monkeypatch.setattr("suite.analysis.models.table1", lambda: one)
    monkeypatch.setattr(models, "compiled", models.compiled.__wrapped__)
    models.build(tmp_path, "nano")
    with (tmp_path / "tables/models.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [column.name for column in models.TABLE.columns]
    assert {row["model"] for row in rows} == {"GPT-MoE (15B)"}
    text = (tmp_path / "tables/models.md").read_text()
    assert "14,507 M" in text and "nobody has trained them" in text


def test_a_misspelt_table_is_refused_by_name():
    values = table1().model_dump()
    values["rows"][0]["printed"]["moe_parms"] = 1
    with pytest.raises(UserError, match="moe_parms"):
        parse_options("paper.table1", Table1, values)


def test_all_numbers_must_hold_of_one_model_with_the_stated_placement(gpt):
    row, candidates = gpt
    assert cells(row, candidates)["all_params"].match == "no"  # its MoE parameters have a reading, the others have none
    reading = next(one for one in candidates if one.placement.startswith("every other layer"))
    third = next(one for one in candidates if one.placement.startswith("every third layer"))
    for one, match in ((reading, "yes"), (third, "no")):
        printed = altered(row, moe_params=one.moe / 1e6, total_params=one.total / 1e6)
        assert cells(printed, candidates)["all_params"].match == match
