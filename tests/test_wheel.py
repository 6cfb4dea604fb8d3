"""The wheel, installed where there is nothing but torch: it brings the library, and says how to get the bench."""

import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[1]
PACKAGES = ("lshmoe", "baselines", "suite", "sweeps")
TRAINS = """
import sys, torch, lshmoe, baselines
layer = lshmoe.MoELayer(16, 32, num_experts=4, reduction=lshmoe.lsh_reduction(16))
layer(torch.randn(8, 16)).sum().backward()
assert layer.gate.weight.grad is not None
assert sys.prefix in lshmoe.__file__, lshmoe.__file__
assert not {"click", "pandas", "fairseq", "hydra", "suite"} & set(sys.modules)
"""


def needs_of(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The distribution ``name`` and all that it requires here, extras left out."""
    seen |= {name}
    for line in distribution(name).requires or ():
        needed = Requirement(line)
        if needed.name not in seen and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            seen = needs_of(needed.name, seen)
    return seen


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds torch, linked from this one, and the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(CHECKOUT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, folder / "source")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source")]
    subprocess.run(build, check=True)
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    packages = next((folder / "env" / "lib").glob("python*/site-packages"))
    for name in needs_of("torch"):
        for file in distribution(name).files or ():
            link = packages / file.parts[0]
            if file.parts[0] not in ("..", "__pycache__") and not link.exists():
                link.symlink_to(str(distribution(name).locate_file(file.parts[0])))
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    return python


def test_library_trains_with_torch_alone(python: Path) -> None:
    subprocess.run([python, "-I", "-c", TRAINS], check=True, timeout=120)


def test_library_is_typed_for_its_users(python: Path) -> None:
    (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
    assert {path.parent.name for path in packages.glob("*/py.typed")} >= {"lshmoe", "baselines"}


def test_command_line_says_how_to_get_the_bench(python: Path) -> None:
    answer = subprocess.run(
        [python.parent / "lshmoe-bench", "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr == (
        "error: click: this package is not installed; pip install 'lsh-moe-bench[bench]' brings it\n"
    )
