"""Generated pages are in the repository as the command writes them."""

import pytest

from suite.cli.base import PROGRAM
from suite.cli.root import root
from suite.documentation.pages import ROOT, generated_pages

PAGES = generated_pages(root, PROGRAM)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_command_writes(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PAGES[name](), "run lshmoe-bench docs"


def test_no_other_schema_is_there() -> None:
    assert {f"schemas/{path.name}" for path in (ROOT / "docs/schemas").iterdir()} <= PAGES.keys()
