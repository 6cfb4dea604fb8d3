"""Figures as part of the page: ids of their own, and greys that follow the page's light or dark colours."""

import re
from pathlib import Path
from xml.etree import ElementTree

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
# What differs less between its channels than this is a grey, and turns with the page; colours mean methods and stay.
GREY = 8


def inline(path: Path, prefix: str, label: str) -> str:
    """An SVG file as an element of an HTML page.

    Args:
        path: as matplotlib wrote it.
        prefix: put before every id, since files of one build share theirs.
        label: what a screen reader says.
    """
    ElementTree.register_namespace("", SVG.strip("{}"))
    root = ElementTree.fromstring(path.read_text())
    for parent in list(root.iter()):
        # Metadata does not belong into a page, and a style element would hold for the whole of it.
        for child in [child for child in parent if child.tag in (f"{SVG}metadata", f"{SVG}style")]:
            parent.remove(child)
    for element in root.iter():
        element.text, element.tail = (text and text.strip() for text in (element.text, element.tail))
        element.attrib = {name.removeprefix(XLINK): value for name, value in element.attrib.items()}
        for name, value in element.attrib.items():
            element.set(name, _attribute(name, value, prefix))
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    if name in ("d", "points"):  # a hundredth of a point is enough for any screen
        return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), _flat(value))
    value = value.replace("url(#", f"url(#{prefix}-")
    return re.sub(r"#[0-9a-fA-F]{6}\b", _turning, value) if name == "style" else value


def _flat(text: str) -> str:
    return " ".join(text.split())


def _turning(colour: re.Match[str]) -> str:
    channels = [int(colour[0][start : start + 2], 16) for start in (1, 3, 5)]
    if max(channels) - min(channels) > GREY:
        return colour[0]
    ink = 100 * (1 - sum(channels) / 3 / 255)
    return f"color-mix(in srgb, var(--ink) {ink:.0f}%, var(--paper))"
