"""Rooms and doors as import-linter's settings and the imports have them."""

from pathlib import Path

from suite.documentation.rooms import read_doors, read_layers, room_of

PYPROJECT = """
[tool.importlinter]
root_packages = ["top", "suite", "ground"]

[[tool.importlinter.contracts]]
type = "layers"
layers = ["top", "suite", "ground"]

[[tool.importlinter.contracts]]
type = "layers"
containers = ["suite"]
layers = ["tables | figures", "config"]

[[tool.importlinter.contracts]]
type = "forbidden"
source_modules = ["top"]
forbidden_modules = ["ground"]
"""


def test_the_suite_s_layers_take_its_place(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    layers = read_layers(tmp_path / "pyproject.toml")
    assert layers == (("top",), ("tables", "figures"), ("config",), ("ground",))


def test_a_module_belongs_to_the_folder_below_suite_or_to_its_package() -> None:
    rooms = {
        module: room_of(module) for module in ("suite.config.paper.table1", "suite.errors", "lshmoe.layer", "suite")
    }
    assert list(rooms.values()) == ["config", "errors", "lshmoe", "suite"]


def test_doors_are_the_imports_between_rooms() -> None:
    doors = read_doors()
    assert {("config", "errors"), ("training", "lshmoe"), ("sweeps", "config")} <= doors
    assert not [door for door in doors if door[0] == "lshmoe" or door[1] == "sweeps"]
