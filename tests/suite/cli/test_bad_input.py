"""What is wrong with a command line is one line, and names the nearest right thing."""

import pytest

from suite.cli import main, prepare
from tests.program import lshmoe_bench


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tablees"], "No such command 'tablees'. Did you mean 'tables'? See: lshmoe-bench --help"),
        (["studdyy"], "No such command 'studdyy'. Did you mean 'study'? See: lshmoe-bench --help"),
        (["measure", "sped"], "No such command 'sped'. Did you mean 'speed'? See: lshmoe-bench measure --help"),
        (["list", "studie"], "No such command 'studie'. Did you mean 'studies'? See: lshmoe-bench list --help"),
        (
            ["lab", "up", "--rate-mbi", "1"],
            "No such option '--rate-mbi'. Did you mean '--rate-mbit'? See: lshmoe-bench lab up --help",
        ),
        (
            ["train", "--method", "lsh"],
            "No such option '--method'. Settings are written method=VALUE. See: lshmoe-bench train --help",
        ),
        (["lab", "up", "--servers", "0"], "Invalid value for '--servers': 0 is not in the range 1<=x<=1000."),
        (["lab", "up", "--rate-mbit", "nan"], "Invalid value for '--rate-mbit': nan is not a finite number."),
        (["verify", "nowhere"], "Invalid value for 'FOLDER': Directory 'nowhere' does not exist."),
        (["measure", "coordinates"], "Missing argument 'CAPTURES...'."),
        (["train", "method=lhs"], "method: unknown 'lhs'; allowed: "),
        (["tables", "tables=speedupp"], "tables: unknown 'speedupp'; allowed: "),
        (["study", "work", "studdyy=nano_hash"], "study: missing"),
    ],
)
def test_one_line_and_exit_code_2(words: list[str], line: str) -> None:
    done = lshmoe_bench(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {line}"), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_group_alone_prints_its_help() -> None:
    done = lshmoe_bench("measure")
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: lshmoe-bench measure") and "coordinates" in done.stderr


def test_an_interrupt_is_one_line_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(words: tuple[str, ...]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare.command, "callback", interrupted)
    monkeypatch.setattr("sys.argv", ["lshmoe-bench", "prepare", "task=text_lm"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.strip() == "error: stopped by SIGINT"
