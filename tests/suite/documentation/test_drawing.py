"""The picture: arrows that matter, downwards, and nothing on top of each other."""

import re
from itertools import combinations
from xml.etree import ElementTree

import networkx as nx
import pytest

from suite.documentation.drawing import essential_doors, lay_out, to_svg
from suite.documentation.rooms import Rooms

HOUSE = Rooms(
    (("roof",), ("left", "right"), ("stairs",), ("cellar",)),
    frozenset({("roof", "left"), ("roof", "right"), ("left", "stairs"), ("stairs", "cellar"), ("roof", "cellar")})
    | {("right", "cellar")},
)


def test_a_door_that_follows_from_others_is_left_out():
    assert ("roof", "cellar") not in essential_doors(HOUSE)
    assert len(essential_doors(HOUSE)) == 5


def test_a_circle_cannot_be_drawn():
    circle = Rooms((("a",), ("b",)), frozenset({("a", "b"), ("b", "a")}))
    assert circle.doors_not_down() == [("b", "a")]
    with pytest.raises(nx.NetworkXError):
        to_svg(circle)


def test_arrows_lead_down_one_row_at_a_time():
    layout = lay_out(HOUSE)
    for arrow in layout.arrows:
        rows = [layout.row[node] for node in arrow]
        assert rows == list(range(rows[0], rows[-1] + 1))
    assert ["right", ("right", "cellar", 2), "cellar"] in layout.arrows


def test_boxes_of_a_row_do_not_touch_and_lie_within_the_picture():
    svg = ElementTree.fromstring(to_svg(HOUSE))
    width = float(svg.attrib["width"])
    boxes = [box.attrib for box in svg.iter() if box.attrib.get("class") == "room"]
    spans = [(box["y"], float(box["x"]), float(box["x"]) + float(box["width"])) for box in boxes]
    assert len(spans) == 5 and all(0 < left < right < width for _, left, right in spans)
    for (y, left, right), (other_y, other_left, other_right) in combinations(spans, 2):
        assert y != other_y or right < other_left or other_right < left


def test_names_are_shown_and_equal_rooms_give_equal_pictures():
    assert re.findall(r"<text [^>]*>(\w+)</text>", to_svg(HOUSE)) == ["roof", "left", "right", "stairs", "cellar"]
    assert to_svg(HOUSE) == to_svg(Rooms(HOUSE.layers, frozenset(sorted(HOUSE.doors, reverse=True))))
