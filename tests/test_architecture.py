import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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


def test_every_source_file_stays_small():
    sources = [path for folder in ("lshmoe", "baselines", "suite") for path in (ROOT / folder).rglob("*.py")]
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
