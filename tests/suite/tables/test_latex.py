import re

import pytest

from suite.errors import UserError
from suite.tables import build as tables
from suite.tables import names
from suite.tables.latex import escape, to_latex
from suite.tables.sheet import Sheet
from tests.suite.builders.synthetic import write_run, write_speed


def test_special_characters_are_made_harmless():
    assert escape("50% of a_b & {c} #1 ~ ^ \\") == (
        r"50\% of a\_b \& \{c\} \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert escape("see `speedup_low.md`, −3 × 2 §4") == r"see \texttt{speedup\_low.md}, $-$3 $\times$ 2 \S4"
    assert escape("-9.1%, lab-30, 2024-11") == r"$-$9.1\%, lab-30, 2024-11"


def test_a_character_without_latex_is_named():
    with pytest.raises(ValueError, match="'☃' in a table has no LaTeX"):
        escape("a ☃")


def test_words_are_aligned_left_numbers_right_and_long_words_wrap():
    sheet = Sheet("T", ["model", "reason", "rate"], [["a", "why " * 20, "1%"]], ["a note"], words=["model", "reason"])
    text = to_latex(sheet, "T. Caption.", "t")
    assert r"\begin{tabular}{@{}l>{\raggedright\arraybackslash}p{42mm}r@{}}" in text
    assert r"\caption{T. Caption.}" in text and r"\label{tab:t}" in text and "a note" in text


def test_every_table_has_a_caption_and_sound_latex(tmp_path):
    write_run(tmp_path, "vanilla", final=100.0)
    write_run(tmp_path, "lsh", final=105.0, rate=0.25)
    write_speed(tmp_path, {"vanilla": 2.0, "lsh": 1.0})
    paths = tables.build(tmp_path, "nano", [name for name in names() if name != "models"])
    latex = [path for path in paths if path.suffix == ".tex"]
    assert {path.with_suffix(".md") for path in latex} <= set(paths)
    for path in latex:
        text = path.read_text()
        assert text.isascii()
        bare = re.sub(r"\\[{}%&#$_]", "", text)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        for body in re.findall(r"\\toprule\n(.*?)\\bottomrule", bare, re.DOTALL):
            columns = {line.count("&") for line in body.splitlines() if line.endswith(r"\\")}
            assert len(columns) == 1, path


def test_an_unknown_table_is_refused_with_the_nearest_name(tmp_path):
    with pytest.raises(UserError, match=r"tables: unknown 'kind'.*did you mean 'kinds'"):
        tables.build(tmp_path, "nano", ["kind"])
