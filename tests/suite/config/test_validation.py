"""Validation: misspelt fields are refused with the nearest name, and records read back."""

import copy

import pytest

from suite.config.compose import compose
from suite.config.validation import from_yaml, to_yaml, validate
from suite.errors import UserError


def test_every_misspelt_field_is_refused_with_the_nearest_name() -> None:
    """Misspell every field of the composed default configuration, one at a time, wherever it lies."""
    plain = compose(["method=lsh"]).model_dump(mode="json")

    def misspellings(node: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        if isinstance(node, list):
            return [found for i, item in enumerate(node) for found in misspellings(item, (*path, i))]
        # What a component, or the task's class, validates is not this schema's.
        if not isinstance(node, dict) or "_target_" in node or path[-1:] in (("data",), ("inputs",)):
            return []
        inner = [found for key, value in node.items() for found in misspellings(value, (*path, key))]
        return inner + [(*path, key) for key in node]

    paths = [path for path in misspellings(plain, ()) if path[-1] not in ("nano", "mini", "paper")]
    assert len(paths) > 60
    for path in paths:
        values = copy.deepcopy(plain)
        node = values
        for key in path[:-1]:
            node = node[key]
        node[f"{path[-1]}x"] = node[path[-1]]
        with pytest.raises(UserError, match=f"did you mean '{path[-1]}'"):
            validate(values)


def test_a_record_reads_back_as_the_same_configuration() -> None:
    config = compose(["method=lsh_fp8", "seed=3", "cluster.ranks=4"])
    assert from_yaml(to_yaml(config)) == config
    with pytest.raises(UserError, match=r"config\.yaml: not valid YAML"):
        from_yaml("a: [1")
