"""The picture of the rooms, as SVG: a row for each layer, and an arrow for each door that others do not imply."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import networkx as nx

from suite.documentation.rooms import Rooms

ROW, BOX, GAP = 62, 30, 30  # heights of a row and a box, and the least distance of neighbours, in pixels
LETTER, MARGIN = 8.2, 24  # mean width of a letter, and the margin of a box and of the picture
SWEEPS = 30  # down and up, until places hardly change
PULL = 0.97  # a little towards the middle, lest the whole drifts to one side

# A node of the layout is a room, or the place (room, room, row) where an arrow passes a row between its ends.
Node = str | tuple[str, str, int]


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    Attributes:
        x: centre of each node, in pixels.
        row: number of each node's row, 0 on top.
        arrows: nodes that each arrow passes, both ends included.
        width: of the picture.
    """

    x: dict[Node, float]
    row: dict[Node, int]
    arrows: list[list[Node]]
    width: float


def essential_doors(rooms: Rooms) -> list[tuple[str, str]]:
    """Doors that do not follow from two or more others; a room that is reached by any is reached by these.

    Raises:
        networkx.NetworkXError: if doors make a circle.
    """
    return sorted(nx.transitive_reduction(nx.DiGraph(sorted(rooms.doors))).edges)


def lay_out(rooms: Rooms) -> Layout:
    """Place rooms so that arrows are short and cross little: by barycentres, as Sugiyama's method does."""
    row: dict[Node, int] = {name: number for number, layer in enumerate(rooms.layers) for name in layer}
    rows: list[list[Node]] = [list(layer) for layer in rooms.layers]
    arrows = []
    for upper, lower in essential_doors(rooms):
        between: list[Node] = [(upper, lower, number) for number in range(row[upper] + 1, row[lower])]
        for number, node in enumerate(between, start=row[upper] + 1):
            row[node] = number
            rows[number].append(node)
        arrows.append([upper, *between, lower])
    neighbours: dict[Node, list[Node]] = {node: [] for node in row}
    for arrow in arrows:
        for upper_node, lower_node in pairwise(arrow):
            neighbours[upper_node].append(lower_node)
            neighbours[lower_node].append(upper_node)
    x = {node: place for nodes in rows for node, place in zip(nodes, _spread(nodes, [0.0] * len(nodes)), strict=True)}
    for _ in range(SWEEPS):
        for nodes in (*rows, *reversed(rows)):
            wanted = {node: PULL * _mean([x[other] for other in neighbours[node]]) for node in nodes}
            nodes.sort(key=lambda node: wanted[node])
            x |= dict(zip(nodes, _spread(nodes, [wanted[node] for node in nodes]), strict=True))
    left = min(x[node] - _width(node) / 2 for node in x) - MARGIN
    x = {node: place - left for node, place in x.items()}
    return Layout(x, row, arrows, max(x[node] + _width(node) / 2 for node in x) + MARGIN)


def to_svg(rooms: Rooms) -> str:
    """The picture; equal rooms give equal text."""
    layout = lay_out(rooms)
    height = ROW * len(rooms.layers)
    bands = [
        f'<rect class="band" y="{ROW * number}" width="{layout.width:.0f}" height="{ROW}"/>'
        for number in range(0, len(rooms.layers), 2)
    ]
    arrows = [
        f'<path class="door" marker-end="url(#tip)" d="{_path(layout, arrow)}"><title>'
        f"{escape(str(arrow[0]))} imports {escape(str(arrow[-1]))}</title></path>"
        for arrow in layout.arrows
    ]
    boxes = [
        f'<rect class="room" x="{layout.x[name] - _width(name) / 2:.1f}" y="{_middle(number) - BOX / 2:.1f}" '
        f'width="{_width(name):.1f}" height="{BOX}" rx="5"/>'
        f'<text x="{layout.x[name]:.1f}" y="{_middle(number) + 5:.1f}">{escape(name)}</text>'
        for number, layer in enumerate(rooms.layers)
        for name in layer
    ]
    return "\n".join([_HEAD.format(width=round(layout.width), height=height), *bands, *arrows, *boxes, "</svg>", ""])


_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>Rooms of the project; each imports only what stands below it</title>
<style>
.band {{ fill: #f3f5f7 }}
.room {{ fill: #ffffff; stroke: #34506b; stroke-width: 1.4 }}
.door {{ fill: none; stroke: #7a8da0; stroke-width: 1.3 }}
text {{ font: 14px sans-serif; text-anchor: middle; fill: #16202a }}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0 8 4 0 8z" fill="#7a8da0"/></marker></defs>
<rect width="{width}" height="{height}" fill="#ffffff"/>"""


def _width(node: Node) -> float:
    return len(node) * LETTER + MARGIN if isinstance(node, str) else 0.0


def _middle(row: int) -> float:
    return ROW * (row + 0.5)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _spread(nodes: Sequence[Node], wanted: Sequence[float]) -> list[float]:
    """Places for the nodes of a row, in their order, as near to the wanted ones as their widths allow."""
    half = [_width(node) / 2 + GAP / 2 for node in nodes]
    from_left, from_right = list(wanted), list(wanted)
    for n in range(1, len(nodes)):
        from_left[n] = max(wanted[n], from_left[n - 1] + half[n - 1] + half[n])
    for n in reversed(range(len(nodes) - 1)):
        from_right[n] = min(wanted[n], from_right[n + 1] - half[n + 1] - half[n])
    # Both keep the distances, and so does their mean.
    return [(left + right) / 2 for left, right in zip(from_left, from_right, strict=True)]


def _path(layout: Layout, arrow: Sequence[Node]) -> str:
    """A curve from the lower edge of the first box to the upper edge of the last one, upright where it passes a row."""
    points = [(layout.x[node], _middle(layout.row[node])) for node in arrow]
    points[0] = (points[0][0], points[0][1] + BOX / 2)
    points[-1] = (points[-1][0], points[-1][1] - BOX / 2)
    pieces = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        y = (y0 + y1) / 2
        pieces.append(f"C{x0:.1f} {y:.1f} {x1:.1f} {y:.1f} {x1:.1f} {y1:.1f}")
    return " ".join(pieces)
