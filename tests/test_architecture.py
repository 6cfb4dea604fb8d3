"""The shape of the code: small files, few rooms, doors in one direction; and pages that show it as it is."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from suite.documentation.rooms import read_rooms

ROOT = Path(__file__).parent.parent
PACKAGES = ("lshmoe", "baselines", "suite", "sweeps")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
LIBRARY = [path for path in (ROOT / "lshmoe").rglob("*.py") if "integrations" not in path.parts]


def imported(path):
    """Top-level names of the packages that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_the_library_imports_torch_and_the_standard_library_only(path):
    assert set(imported(path)) <= {"torch", "lshmoe"} | set(sys.stdlib_module_names)


def test_importing_the_library_loads_no_host_library():
    hosts = "fairseq timm hydra omegaconf numpy.testing pandas"
    code = f"import lshmoe, sys; print([name for name in '{hosts}'.split() if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


def test_no_source_file_is_long_and_most_are_short():
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
    assert median(lengths.values()) < 120


def test_no_function_is_long():
    lengths = {
        f"{path.relative_to(ROOT)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > 60} == {}


def test_rooms_are_few_and_their_doors_lead_down():
    rooms = read_rooms(ROOT)
    assert len(rooms.names) <= 25
    assert rooms.doors_not_down() == []


def test_folders_are_the_rooms_of_import_linter():
    folders = {path.parent.name for path in (ROOT / "suite").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "suite").glob("*.py")} - {"__init__"}
    assert modules == {"errors", "files", "loading"}
    assert read_rooms(ROOT).names == folders | modules | {"lshmoe", "baselines", "sweeps"}


def test_the_tour_names_every_room_and_files_that_exist():
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == read_rooms(ROOT).names
    first = re.findall(r"^\d\. `([\w/]+\.py)`: ", text, flags=re.MULTILINE)
    assert len(first) == 7
    paths = {*first, *re.findall(r"`((?:suite|lshmoe)/[\w/.]+)`", text)}
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_readme_s_tree_is_the_tree():
    (tree,) = re.findall(r"^```text\n(lshmoe/.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    shown, above = set(), ""
    for indent, name in re.findall(r"^( *)(\S+)/ ", tree, re.MULTILINE):
        above = above if indent else name
        shown.add(f"{above}/{name}" if indent else name)
    assert {name for name in shown if not (ROOT / name).is_dir()} == set()
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "suite").glob("*/__init__.py")}
    assert rooms | {"lshmoe", "baselines", "sweeps", "tests", "docs"} <= shown
