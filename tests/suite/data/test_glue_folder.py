"""Files of GLUE's archives give the lines that they hold, and what is wrong with a folder is said in one line."""

from pathlib import Path

import pytest

from suite.data.glue_folder import GlueTable, located
from suite.data.labelled import examples
from suite.errors import UserError

TASKS = ("sst2", "cola", "mnli", "mrpc", "qnli", "qqp")


def write(folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())


def read(name: str, folder: Path) -> list[tuple[str, str | None, int]]:
    return [(example.text, example.pair, example.label) for example in examples(located(name, folder), folder)]


def test_a_header_is_none_of_the_examples_and_spaces_stay(tmp_path):
    write(tmp_path, "SST-2/dev.tsv", "sentence\tlabel\nit 's a charming journey . \t1\nunflinchingly bleak \t0\n")
    assert read("glue_sst2_validation", tmp_path) == [
        ("it 's a charming journey . ", None, 1),
        ("unflinchingly bleak ", None, 0),
    ]


def test_without_a_header_the_first_line_is_an_example(tmp_path):
    write(tmp_path, "CoLA/dev.tsv", "gj04\t1\t\tThe sailors rode the breeze.\ncj99\t0\t*\tAs you eat the most.\n")
    assert read("glue_cola_validation", tmp_path) == [
        ("The sailors rode the breeze.", None, 1),
        ("As you eat the most.", None, 0),
    ]


def test_a_byte_order_mark_literal_quotes_and_a_last_line_without_an_end(tmp_path):
    header = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    write(tmp_path, "MRPC/train.tsv", header + '1\t1\t2\tHe said , " yes\t" No " , she said .\n0\t3\t4\tOne\tTwo "')
    assert read("glue_mrpc_train", tmp_path) == [('He said , " yes', '" No " , she said .', 1), ("One", 'Two "', 0)]


def test_line_ends_of_other_systems_and_separators_inside_text(tmp_path):
    write(tmp_path, "SST-2/dev.tsv", "sentence\tlabel\r\none\u2028line\x0c\t1\r\n")
    assert read("glue_sst2_validation", tmp_path) == [("one\u2028line\x0c", None, 1)]


def test_named_classes_have_the_numbers_of_the_hub(tmp_path):
    write(tmp_path, "QNLI/dev.tsv", "index\tquestion\tsentence\tlabel\n0\tQ\tS\tentailment\n1\tQ\tT\tnot_entailment\n")
    assert [label for *_, label in read("glue_qnli_validation", tmp_path)] == [0, 1]
    header = "index\tsentence1\tsentence2\tlabel1\tgold_label\n"
    write(
        tmp_path,
        "MNLI/dev_matched.tsv",
        header
        + "".join(f"{n}\tP\tH\tx\t{name}\n" for n, name in enumerate(("neutral", "contradiction", "entailment"))),
    )
    assert [label for *_, label in read("glue_mnli_validation_matched", tmp_path)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "question1\tquestion2\nQ\tR\n",
            r"has no column sentence, label; found: question1, question2\. Is it a file of another",
        ),
        ("sentence\tlabel\nfine\n", r"SST-2/dev\.tsv line 2 has 1 columns; expected 2: sentence, label"),
        ("sentence\tlabel\nfine\t1\ndull\tnegative\n", r"line 3: label is 'negative'; expected one of 0, 1"),
    ],
)
def test_a_file_that_is_another_is_refused_by_its_line(content, reason, tmp_path):
    write(tmp_path, "SST-2/dev.tsv", content)
    with pytest.raises(UserError, match=rf"^glue_dir: .*{reason}"):
        read("glue_sst2_validation", tmp_path)


def test_the_hub_leaves_out_broken_lines_of_qqp_and_so_does_a_folder(tmp_path):
    header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    write(tmp_path, "QQP/train.tsv", header + '1\t2\t3\tWhy "?\tWhat?\t1\n4\t5\t6\tbroken\n7\t8\t9\tHow?\tHow so?\t0')
    assert read("glue_qqp_train", tmp_path) == [('Why "?', "What?", 1), ("How?", "How so?", 0)]
    write(tmp_path, "QQP/dev.tsv", header + "1\t2\t3\tWhy?\tWhat?\t1\ttoo much\n")
    with pytest.raises(UserError, match=r"QQP/dev\.tsv line 2 has 7 columns; expected 6"):
        read("glue_qqp_validation", tmp_path)


def test_an_empty_file_and_one_in_another_encoding_are_one_line_each(tmp_path):
    write(tmp_path, "SST-2/dev.tsv", "")
    with pytest.raises(UserError, match=r"^glue_dir: SST-2/dev\.tsv is empty; unpack it again$"):
        read("glue_sst2_validation", tmp_path)
    (tmp_path / "SST-2/dev.tsv").write_bytes("sentence\tlabel\nça va\t1\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"^glue_dir: SST-2/dev\.tsv is not UTF-8 \(.*\); unpack it again$"):
        read("glue_sst2_validation", tmp_path)


def test_what_is_missing_is_named_with_what_is_there(tmp_path):
    with pytest.raises(UserError, match=r"glue_dir: .*nowhere is no folder"):
        read("glue_sst2_validation", tmp_path / "nowhere")
    write(tmp_path, "SST-2/train.tsv", "")
    with pytest.raises(UserError, match=r"has no SST-2/dev\.tsv; it has SST-2/train\.tsv"):
        read("glue_sst2_validation", tmp_path)
    with pytest.raises(UserError, match=r"glue_dir: not set, and only a folder has the 1,821 labelled test sentences"):
        located("sst2_test", None)


def test_the_hub_is_asked_where_no_folder_is_given(tmp_path):
    for task in TASKS:
        assert not isinstance(located(f"glue_{task}_train", None), GlueTable)
        assert isinstance(located(f"glue_{task}_train", tmp_path), GlueTable)


def test_a_changed_file_is_another_recipe_and_another_place_is_not(tmp_path):
    for folder, text in (("a", "fine"), ("b", "fine"), ("c", "dull")):
        write(tmp_path / folder, "SST-2/dev.tsv", f"sentence\tlabel\n{text}\t1\n")
    a, b, c = (located("glue_sst2_validation", tmp_path / folder).recipe() for folder in "abc")
    assert a == b != c
    assert "sha256" in located("glue_sst2_validation", tmp_path / "a").record()
