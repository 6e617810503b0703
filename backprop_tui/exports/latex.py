r"""The LaTeX export: an article for pdflatex, lualatex or xelatex, with nothing beyond amsmath.

Formulas are LaTeX as the engine writes it; signs in sentences are spelled by commands, so that no
font and no encoding has to know them. What is said of a step, `worked` knows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from backprop_tui.engine.notation import LATEX
from backprop_tui.engine.timeline import Timeline
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.trace import given, heading, iterations
from backprop_tui.exports.worked import Matrix, Worked, matrix, opening, phases

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
    "…": r"\dots{}",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
}
"""How signs are spelled in a sentence."""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The article, a step at a time."""
    experiment = timeline.experiment
    yield PREAMBLE
    yield f"\\section*{{{escaped(experiment.title)}}}\n"
    for paragraph in opening(timeline, wanted.decimals):
        yield f"\n{escaped(paragraph)}\n"
    before = None
    for iteration in iterations(timeline, wanted.iterations):
        yield f"\n\\section*{{{escaped(heading(timeline, iteration))}}}\n"
        begins = list(given(iteration, before))
        if begins:
            yield "\n\\subsection*{Given}\n"
        for symbol, value in begins:
            yield _display(matrix(symbol, value, wanted.decimals))
        for phase, steps in phases(timeline, iteration, wanted.decimals):
            yield f"\n\\subsection*{{{phase.capitalize()}}}\n"
            yield from map(_step, steps)
        before = iteration
    if before is not None and before.diverged:
        yield f"\nThe run diverged: {before.diverged} is no longer finite.\n"
    yield "\\end{document}\n"


def _step(worked: Worked) -> str:
    found = worked.explanation
    parts = [
        rf"\subsubsection*{{{worked.number}. ${worked.formula(LATEX)}$}}",
        *(f"where ${said}$" for said in worked.where(LATEX)),
        *([rf"\textbf{{Mistaken: {escaped(worked.slip)}}}"] if worked.slip else []),
        escaped(found.reason),
        f"Shapes: {escaped(found.shape_line)}",
        f"Index form: {escaped(worked.index_form)}",
        f"${' = '.join(worked.element(LATEX))}$",
        *map(escaped, found.remarks),
        *(rf"\textit{{{escaped(note)}}}" for note in worked.notes),
    ]
    return "\n" + "\n\n".join(parts) + "\n" + _display(worked.matrix)


def _display(matrix: Matrix) -> str:
    """A matrix between large parentheses."""
    rows = (" & ".join(map(_figure, figures)) for _, figures in matrix.rows)
    columns = "r" * len(matrix.columns)
    body = " \\\\\n".join(rows)
    return (
        f"\\[ {_figure(matrix.symbol, symbol=True)} = "
        f"\\left(\\begin{{array}}{{{columns}}}\n{body}\n\\end{{array}}\\right) \\]\n"
    )


def _figure(text: str, symbol: bool = False) -> str:
    if symbol:
        return LATEX.name(text)
    return {"…": r"\dots", "⋮": r"\vdots"}.get(text) or LATEX.figure(text)


def escaped(text: str) -> str:
    """A sentence as LaTeX, on one line; a letter that plain LaTeX lacks by the nearest it has."""
    return "".join(map(_spelled, " ".join(text.split())))


def _spelled(sign: str) -> str:
    if sign in COMMANDS:
        return COMMANDS[sign]
    if sign.isascii() or ("À" <= sign <= "ÿ" and sign.isalpha()):  # the letters of Latin-1
        return sign
    nearest = "".join(c for c in unicodedata.normalize("NFKD", sign) if c.isascii())
    return "".join(COMMANDS.get(c, c) for c in nearest) or "?"
