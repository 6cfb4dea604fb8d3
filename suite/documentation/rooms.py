"""The rooms of this project and the doors between them, from import-linter's settings and the import graph."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grimp

# Packages that are one room each; the folders and modules right below `suite` are rooms of their own.
PACKAGES = ("sweeps", "suite", "baselines", "lshmoe")

Door = tuple[str, str]


@dataclass(frozen=True)
class Rooms:
    """What the picture shows.

    Attributes:
        layers: names of rooms, the top layer first. A room of the suite goes by its folder's name alone.
        doors: pairs (importer, imported); between rooms of one layer or upwards there should be none.
    """

    layers: tuple[tuple[str, ...], ...]
    doors: frozenset[Door]

    @property
    def names(self) -> set[str]:
        """All rooms."""
        return {name for layer in self.layers for name in layer}

    def doors_not_down(self) -> list[Door]:
        """Doors that lead up or sideways."""
        depth = {name: number for number, layer in enumerate(self.layers) for name in layer}
        return sorted((importer, imported) for importer, imported in self.doors if depth[imported] <= depth[importer])


def read_rooms(root: Path) -> Rooms:
    """Read the rooms of the checkout at ``root``, which must be the one that is imported."""
    return Rooms(read_layers(root / "pyproject.toml"), read_doors())


def read_layers(pyproject: Path) -> tuple[tuple[str, ...], ...]:
    """Layers of import-linter's contracts, those of the suite in the place of ``suite``; the top layer first."""
    settings = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]
    contracts = [contract for contract in settings["contracts"] if contract["type"] == "layers"]
    (packages,) = (_layers(contract) for contract in contracts if "containers" not in contract)
    (suite,) = (_layers(contract) for contract in contracts if contract.get("containers") == ["suite"])
    return tuple(layer for package in packages for layer in (suite if package == ("suite",) else (package,)))


def _layers(contract: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.strip() for name in layer.split("|")) for layer in contract["layers"])


def read_doors() -> frozenset[Door]:
    """Every pair of rooms of which the first imports the second, also inside functions."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    pairs = {
        (room_of(module), room_of(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return frozenset((importer, imported) for importer, imported in pairs if importer != imported)


def room_of(module: str) -> str:
    """The room of a module: ``suite.config.run`` is in ``config``, ``lshmoe.layer`` in ``lshmoe``."""
    package, *rest = module.split(".")
    return rest[0] if package == "suite" and rest else package
