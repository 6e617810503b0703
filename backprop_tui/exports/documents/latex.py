r"""The LaTeX document: an article for pdflatex, lualatex or xelatex that needs amsmath alone.

Signs in sentences are written as commands, so that it works in any font and encoding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from backprop_tui.exports.documents.document import Layout, MatrixTable, WorkedStep, document
from backprop_tui.exports.formats import Wanted
from backprop_tui.maths.writing import LATEX_IN_LINES as LATEX
from backprop_tui.run.timeline import Timeline

PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage{amsmath,amssymb}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5ex}
\addtolength{\textwidth}{6em}
\addtolength{\hoffset}{-3em}
\begin{document}
\raggedright
"""
COMMANDS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "−": "$-$",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",  # these four the plain encoding of LaTeX lacks
    "·": r"$\cdot$",
    "∘": r"$\circ$",
    "×": r"$\times$",
    "′": "$'$",
    "ᵀ": r"$^{\mathsf T}$",
    "²": "$^2$",
    "½": r"$\frac12$",
    "Σ": r"$\sum$",
    "∂": r"$\partial$",
    "∞": r"$\infty$",
    "σ": r"$\sigma$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "ε": r"$\varepsilon$",
    "λ": r"$\lambda$",
    "₂": "$_2$",
    "ₖ": "$_k$",
    "ₚ": "$_p$",
    "ₛ": "$_s$",
    "ₜ": "$_t$",
    "←": r"$\leftarrow$",
    "→": r"$\to$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≠": r"$\ne$",
    "≈": r"$\approx$",
    "✓": r"$\checkmark$",
    "✗": r"$\times$",
    "⋮": r"$\vdots$",
    "…": r"\dots{}",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
}
"""The LaTeX of each sign in a sentence."""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the article, a step at a time."""
    yield PREAMBLE
    yield from document(timeline, wanted, Layout(_heading, _paragraph, _matrix, _step))
    yield "\\end{document}\n"


def _heading(level: int, words: str) -> str:
    kind = {1: "section", 2: "section", 3: "subsection"}[level]
    return f"\n\\{kind}*{{{escaped(words)}}}\n"


def _paragraph(words: str) -> str:
    return f"\n{escaped(words)}\n"


def _step(worked: WorkedStep) -> str:
    found, form = worked.explanation, worked.index_form(LATEX)
    formulas = (worked.formula(LATEX), *worked.definitions(LATEX))
    parts = [
        rf"\subsubsection*{{{worked.number}. ${LATEX.name(worked.step.symbol)}$, {worked.place}}}",
        ", where ".join(f"${formula}$" for formula in formulas),
        *([rf"\textbf{{{escaped(worked.slip)}}}"] if worked.slip else []),
        escaped(found.reason),
        f"Shapes: ${worked.shapes(LATEX)}$",
        *([f"Index form: ${form}$"] if form else []),
        r"\hangindent=2em " + " ".join(f"${stage}$" for stage in worked.element(LATEX)),
        *map(escaped, found.remarks),
        *map(escaped, worked.published),
        *(rf"\textit{{{escaped(note)}}}" for note in worked.notes),
    ]
    return "\n" + "\n\n".join(parts) + "\n" + _matrix(worked.matrix)


def _matrix(matrix: MatrixTable) -> str:
    """A matrix between large parentheses, with the names of its rows, if any, beside it."""
    body = _array("r" * len(matrix.columns), (map(_figure, figures) for _, figures in matrix.rows))
    sides = ([rf"\text{{{escaped(side)}}}"] for side, _ in matrix.rows)
    named = rf" \; {_array('l', sides)}" if matrix.named else ""
    return f"\\[ {LATEX.name(matrix.symbol)} = \\left({body}\\right){named} \\]\n"


def _array(columns: str, rows: Iterable[Iterable[str]]) -> str:
    body = " \\\\\n".join(" & ".join(row) for row in rows)
    return f"\\begin{{array}}{{{columns}}}\n{body}\n\\end{{array}}"


def _figure(text: str) -> str:
    return {"…": r"\dots", "⋮": r"\vdots"}.get(text) or LATEX.figure(text)


def escaped(text: str) -> str:
    """A sentence as LaTeX, on one line; for a letter that plain LaTeX lacks, the nearest it has.

    All text that comes from a file is written through this function.
    """
    return "".join(map(_spelled, " ".join(text.split())))


def _spelled(sign: str) -> str:
    if sign in COMMANDS:
        return COMMANDS[sign]
    if sign.isascii() or ("À" <= sign <= "ÿ" and sign.isalpha()):  # the letters of Latin-1
        return sign
    nearest = "".join(c for c in unicodedata.normalize("NFKD", sign) if c.isascii())
    return "".join(COMMANDS.get(c, c) for c in nearest) or "?"
