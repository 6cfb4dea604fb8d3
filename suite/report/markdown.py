"""Our own Markdown as parts of the page: tables scroll in a box of their own, and their headers say their scope."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

Draw = Callable[[str], str]
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Section:
    """A Markdown text: its first heading, and the rest as HTML."""

    title: str
    html: str


def render(text: str, name: str, caption: str = "", base: str = "", draw: Draw = lambda _: "") -> Section:
    """Render ``text``.

    Args:
        text: CommonMark with pipe tables; HTML in it is shown as text.
        name: what it is called where it has no heading.
        caption: of the first table.
        base: folder that its links start from, relative to the page.
        draw: what stands for an image of that source, as HTML.
    """
    tokens = _PARSER.parse(text)
    title = name
    if tokens and tokens[0].type == "heading_open":
        title, tokens = tokens[1].content, tokens[3:]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"
        for child in token.children or []:
            if child.type == "link_open" and (href := str(child.attrs["href"])) and not urlsplit(href).scheme:
                child.attrs["href"] = posixpath.join(base, href)
            elif child.type == "image":
                child.type, child.content = "html_inline", draw(str(child.attrs["src"]))
    _mark_headers(tokens)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    captions = iter([caption])
    tables = re.compile(r"<table>.*?</table>", re.DOTALL)
    return Section(title, tables.sub(lambda table: _box(table[0], title, next(captions, "")), html))


def _box(table: str, label: str, caption: str) -> str:
    """A table in a box that scrolls, with the keyboard too."""
    if "<tbody>" not in table:
        table += '<p class="absent-note">There is no record for it yet.</p>'
    if caption:
        table = table.replace("<table>", f"<table><caption><span>{code(caption)}</span></caption>", 1)
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">{table}</div>'


def _mark_headers(tokens: list[Token]) -> None:
    """Give columns, and the words that lead each row, their scope; numbers get a class."""
    numeric: list[bool] = []
    column = 0
    for token in tokens:
        if token.type == "table_open":
            numeric = []
        elif token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open"):
            if "right" in str(token.attrs.pop("style", "")):
                token.attrs["class"] = "number"
            if token.type == "th_open":
                numeric.append("class" in token.attrs)
                token.attrs["scope"] = "col"
            elif column < _leading(numeric):
                token.tag, token.attrs["scope"] = "th", "row"
        elif token.type == "td_close":
            token.tag = "th" if column < _leading(numeric) else "td"
            column += 1


def _leading(numeric: list[bool]) -> int:
    """How many columns name a row: those before the first of numbers, else one."""
    return max(1, numeric.index(True)) if True in numeric else 1


def code(text: str) -> str:
    """Text with its ```…``` and `…` parts as code."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
