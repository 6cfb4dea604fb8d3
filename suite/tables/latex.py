"""Sheets as LaTeX: booktabs, plain ASCII, narrowed to the page where they are wider."""

import re
from collections.abc import Sequence

from suite.tables.sheet import Sheet

PREAMBLE = r"% Needs \usepackage{booktabs,array,adjustbox}."
LONG_CELL = 30  # characters from which on a column of words is set as a paragraph
PARAGRAPH = r">{\raggedright\arraybackslash}p{42mm}"

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "$-$",
    "×": r"$\times$",
    "→": r"$\to$",
    "≤": r"$\le$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "²": "$^2$",
    "ρ": r"$\rho$",
    "µ": r"$\mu$",
    "κ": r"$\kappa$",
    "§": r"\S",
    "…": r"\dots{}",
    "‖": r"$\Vert$",
    "'": "'",
} | {character: f"\\{character}" for character in "&%$#_"}


def to_latex(sheet: Sheet, caption: str, label: str) -> str:
    """A table environment with the sheet's notes below it."""
    columns = "".join(_column(sheet, number) for number in range(len(sheet.header)))
    header = [escape(name.replace("_", " ")) for name in sheet.header]
    rows = [_line([escape(cell) for cell in cells]) for cells in sheet.cells]
    lines = [
        PREAMBLE,
        r"\begin{table}[p]",
        r"\centering\small",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{label}}}",
        r"\begin{adjustbox}{max width=\linewidth,max totalheight=0.8\textheight}",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"\toprule",
        _line(header),
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{adjustbox}",
        *(
            rf"\par\smallskip\begin{{minipage}}{{\linewidth}}\footnotesize {escape(note)}\end{{minipage}}"
            for note in sheet.notes
        ),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text with everything that LaTeX would take as its own made harmless, minus signs, and `code` set as such.

    Raises:
        ValueError: naming a character that has no entry here.
    """
    parts = re.split(r"`([^`]*)`", re.sub(r"(?<![\w.])-(?=\d)", "−", text))
    return "".join(rf"\texttt{{{_plain(part)}}}" if number % 2 else _plain(part) for number, part in enumerate(parts))


def _plain(text: str) -> str:
    escaped = "".join(SPECIAL.get(character, character) for character in text)
    if not escaped.isascii():
        strange = next(character for character in escaped if not character.isascii())
        raise ValueError(f"{strange!r} in a table has no LaTeX; add it to suite.tables.latex.SPECIAL")
    return escaped


def _column(sheet: Sheet, number: int) -> str:
    if sheet.header[number] not in sheet.words:
        return "r"
    return PARAGRAPH if max((len(cells[number]) for cells in sheet.cells), default=0) > LONG_CELL else "l"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
