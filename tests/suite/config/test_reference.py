import pytest

from suite.config.compose import compose
from suite.config.conf import choices
from suite.config.reference import reference_of, refuse_twins, wire_label, with_reference
from suite.errors import UserError


def test_the_reference_sends_16_bits_whatever_rows_have():
    assert reference_of("float32") == "bf16"
    assert reference_of("bfloat16") == "vanilla"
    assert reference_of("float32", among=["vanilla", "lsh"]) == "vanilla"


def test_it_comes_first_and_vanilla_beside_it():
    assert with_reference(["lsh", "vanilla"], "float32") == ["bf16", "vanilla", "lsh"]
    assert with_reference(["lsh"], "bfloat16") == ["vanilla", "lsh"]


def test_two_names_of_one_wire_are_refused():
    refuse_twins(["vanilla", "bf16"], "float32", "methods")
    refuse_twins(["bf16", "lsh"], "bfloat16", "methods")
    with pytest.raises(UserError, match="methods: vanilla and bf16 are one wire"):
        refuse_twins(["vanilla", "bf16"], "bfloat16", "methods")


def test_a_float32_wire_is_named_so():
    assert wire_label("vanilla", 2.0) == "vanilla (float32 wire)"
    assert wire_label("vanilla", 1.0) == "vanilla"
    assert wire_label("lsh", 2.0) == "lsh"


@pytest.mark.parametrize("scale", choices("scale"))
def test_no_cell_of_any_scale_lists_one_wire_twice(scale):
    for cell in compose([f"scale={scale}"]).scale.matrix:
        precision = compose([f"scale={scale}", f"model={cell.model}", f"task={cell.task}"]).training.precision
        refuse_twins(cell.methods, precision, f"{cell.model} on {cell.task}")
