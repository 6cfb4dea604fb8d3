"""The ledger's schema: what is wrong with it is said in one line."""

import copy

import pytest
import yaml

from suite.claims.ledger import CLAIMS, ledger
from suite.claims.verdicts import chosen_tests
from suite.config.paper.published import published
from suite.errors import UserError

PLACE = {"nano": {"model": "gpt_moe", "task": "text_lm"}, "mini": {"given": "no"}, "paper": {"unreachable": "no"}}
CLAIM = {"id": "a", "section": "s", "statement": "t", "paper_value": 1.0, "by": "near", "at": "here"}
BOOK = {
    "places": {"here": PLACE},
    "tests": {"near": {"test": "near", "quantity": "speedup", "tolerance": 0.1}},
    "claims": [CLAIM],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b["claims"][0].update(by="nea"), r"a\.by: unknown 'nea'; allowed: near"),
        (lambda b: b["claims"][0].update(at="there"), r"a\.at: unknown 'there'; allowed: here"),
        (lambda b: b["claims"].append(b["claims"][0]), r"a\.id: is there twice"),
        (lambda b: b["claims"][0].update(verdict="supported"), r"verdict: unknown field"),
        (lambda b: b["claims"][0].pop("section"), r"claims\.0\.section: missing"),
        (lambda b: b["places"]["here"].pop("mini"), r"places\.here: needs one entry per scale: mini, nano, paper"),
        (lambda b: b["tests"]["near"].update(test="far"), r"tests\.near\.test: unknown 'far'; allowed: .*near"),
        (lambda b: b["tests"]["near"].update(tolerance=-1), r"claims\.a .*tolerance: .*greater than 0"),
        (lambda b: b["tests"]["near"].update(quantity="speed"), r"quantity.*unknown quantity 'speed'; allowed: "),
        (lambda b: b["tests"]["near"].update(method="lsg"), r"unknown method 'lsg'; allowed: "),
        (lambda b: b["places"]["here"]["nano"].update(stands_for="x"), r"needs `hardware` or `unreachable`"),
        (lambda b: b["places"]["here"].update(mini={"hardware": "a farm", "because": "x"}), r"places\.here\.mini"),
        (lambda b: b["claims"][0].update(given={"toleranc": 1}), r"toleranc: unknown field; .*did you mean"),
    ],
)
def test_a_mistake_is_named(tmp_path, change, message):
    book = copy.deepcopy(BOOK)
    change(book)
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(book))
    with pytest.raises(UserError, match=message):
        chosen_tests(path)


def test_the_ledger_is_valid_and_every_tolerance_has_its_reason():
    for name, test in chosen_tests(None).items():
        assert test.because or type(test).__name__ in ("Complete", "Quality", "PlugIns", "ChosenRate", "Constructed"), (
            name
        )


def test_every_published_speed_up_and_every_glue_cell_is_claimed():
    claims = {claim.id: claim for claim in ledger(CLAIMS).claims}
    audited = {claim.audit: claim.paper_value for claim in claims.values() if claim.audit}
    assert audited == {speedup.id: speedup.value for speedup in published().speedups}
    for task in ("sst2", "mnli", "qnli", "qqp", "mrpc", "cola"):
        for size in ("15b", "52b"):
            assert {f"gpt_{size}_{task}_{what}" for what in ("kept", "origin", "lsh", "speedup")} <= set(claims)
