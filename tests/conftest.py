import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What tests start runs the packages of this folder, wherever the environment's own come from.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))

# Tests below these folders share what a machine has once: Slurm's configuration, the lab's namespaces.
ALONE = ("tests/cluster", "tests/suite/cluster/lab")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files run side by side: the tests of a file in one process, and those of each shared folder too."""
    for item in items:
        file = item.path.relative_to(ROOT).as_posix()
        shared = [folder for folder in ALONE if file.startswith(f"{folder}/")]
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else file))
