r"""The LaTeX document: an article for pdflatex, lualatex or xelatex that needs amsmath alone.

Signs in sentences are written as commands, so that it works in any font and encoding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from backprop_tui.explain.derivation import Derivation
from backprop_tui.exports.documents.document import Layout, MatrixTable, WorkedStep, document
from backprop_tui.exports.formats import Wanted
from backprop_tui.maths.writing import LATEX, write
from backprop_tui.maths.writing import LATEX_IN_LINES as LINES
from backprop_tui.run.timeline import Timeline

PREAMBLE = r"""\documentclass[a4paper,fleqn]{article}
\usepackage{amsmath,amssymb}
\setlength{\hoffset}{-1in}
\setlength{\voffset}{-1in}
\setlength{\oddsidemargin}{17mm}
\setlength{\textwidth}{176mm}
\setlength{\topmargin}{0mm}
\setlength{\textheight}{257mm}
\setlength{\footskip}{8mm}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.4ex}
\setlength{\mathindent}{2em}
\allowdisplaybreaks
\everymath{\displaystyle}
% where a line can be broken nowhere else, in products and behind a slash
\let\thinspaced\,
\renewcommand{\,}{\thinspaced\penalty800 }
{\catcode`\/=\active \gdef/{\mathchar"013D\penalty800 }}
\mathcode`\/="8000
\newcommand{\fit}[2]{% a formula, or where it is too wide the same in lines
  \setbox0=\hbox{${}#1$}%
  \ifdim\wd0>130mm\parbox[t]{130mm}{\raggedright\hangindent=2em ${}#2$}\else\box0\fi}
\begin{document}
\raggedright
\setlength{\abovedisplayskip}{0.6ex}
\setlength{\belowdisplayskip}{0.6ex}
\setlength{\abovedisplayshortskip}{0.6ex}
\setlength{\belowdisplayshortskip}{0.6ex}
"""
SHORT = 80
"""Characters of a formula's source that are never too wide for a line."""
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
    return article(document(timeline, wanted, LAYOUT))


def article(parts: Iterable[str]) -> Iterator[str]:
    """The source of an article with that body."""
    yield PREAMBLE
    yield from parts
    yield "\\end{document}\n"


def _heading(level: int, words: str) -> str:
    kind = {1: "section", 2: "subsection", 3: "subsubsection"}[level]
    return f"\n\\{kind}*{{{escaped(words)}}}\n"


def _paragraph(words: str) -> str:
    return f"\n{escaped(words)}\n"


def _step(worked: WorkedStep) -> str:
    found, form = worked.explanation, worked.index_form(LINES)
    symbol, said = LATEX.name(worked.step.symbol), (*found.remarks, *worked.published)
    number = " ".join(f"${stage}$" for stage in worked.element(LINES))
    parts = [
        rf"\medskip\textbf{{{worked.number}. ${symbol}$, {worked.place}.}} {escaped(found.reason)}",
        rf"\hspace*{{2em}}\hangindent=4em ${worked.formula(LINES)}$ $= {_matrix(worked.matrix)}$"
        + "".join(f", where ${each}$" for each in worked.definitions(LINES))
        + rf" \qquad {number}",
        rf"\textbf{{{escaped(worked.slip)}}}" if worked.slip else "",
        " \\quad ".join(
            [
                *map(escaped, said),
                f"Shapes: ${worked.shapes(LINES)}$",
                *([f"Index form: ${form}$"] if form else []),
                *(rf"\textit{{{escaped(note)}}}" for note in worked.notes),
            ]
        ),
    ]
    return "\n" + "\n\n".join(filter(None, parts)) + "\n"


def _matrices(matrices: Sequence[MatrixTable]) -> str:
    named = (f"${LATEX.name(each.symbol)} = {_matrix(each)}$" for each in matrices)
    return "\n" + " \\quad\n".join(named) + "\n"


def _matrix(matrix: MatrixTable) -> str:
    """A matrix between large parentheses, with the names of its rows, if any, beside it."""
    body = _array("r" * len(matrix.columns), (map(_figure, figures) for _, figures in matrix.rows))
    sides = ([rf"\text{{{escaped(side)}}}"] for side, _ in matrix.rows)
    named = rf" \; {_array('l', sides)}" if matrix.named else ""
    return f"\\left({body}\\right){named}"


def _array(columns: str, rows: Iterable[Iterable[str]]) -> str:
    body = " \\\\\n".join(" & ".join(row) for row in rows)
    return f"\\begin{{array}}{{{columns}}}\n{body}\n\\end{{array}}"


def _figure(text: str) -> str:
    return {"…": r"\dots", "⋮": r"\vdots"}.get(text) or LATEX.figure(text)


def _derivation(found: Derivation) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(_rows(found)) + "\n\\end{align*}\n"


def _rows(found: Derivation) -> Iterator[str]:
    """What is derived, and each line with its rule at the right; a long one may be broken."""
    target, of = write(found.target, LATEX), found.of and write(found.of, LATEX)
    first = found.lines[0].sides(LATEX)[0]
    if of and first != of:
        yield f"{target} &= {of}"
    for line in found.lines:
        left, right = line.sides(LATEX)
        named = f"{target} = {left}" if left == of and line is found.lines[0] else left
        if len(right) > SHORT:
            right = rf"\fit{{{right}}}{{{line.sides(LINES)[1]}}}"
        yield rf"{named} &{right} \tag*{{{escaped(line.rule)}}}"


LAYOUT = Layout(_heading, _paragraph, _matrices, _step, _derivation)


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
