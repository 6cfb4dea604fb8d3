"""Lists show every name with a summary."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from suite.cli.root import root
from suite.config.conf import GROUPS, choices, summary
from sweeps.study import studies


def listed(kind: str) -> dict[str, str]:
    done = CliRunner().invoke(root, ["list", kind])
    assert done.exit_code == 0
    return dict(line.split(maxsplit=1) for line in done.output.splitlines())


@pytest.mark.parametrize("group", GROUPS)
def test_every_configuration_is_listed_with_its_summary(group: str) -> None:
    assert list(listed(f"{group}s")) == choices(group)
    assert all(len(text) > 5 and "\n" not in text for text in listed(f"{group}s").values())


def test_studies_are_listed_by_the_package_that_has_them() -> None:
    assert list(listed("studies")) == studies()


def test_a_summary_is_the_file_s_own_or_its_comment_s_first_sentence(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("# A comment of\n# two lines. And more.\nname: one\n# another\n")
    assert summary(path) == "A comment of two lines"
    path.write_text("# A comment.\nname: one\nsummary: its own\n")
    assert summary(path) == "its own"
