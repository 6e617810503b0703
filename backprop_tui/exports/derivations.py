"""Derivations as documents: each gradient with its lines, as text, Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from backprop_tui.explain.derivation import Derivation
from backprop_tui.explain.gradient_lines import DerivationLine
from backprop_tui.exports.documents import latex
from backprop_tui.exports.documents.html import STYLE
from backprop_tui.exports.documents.markdown import markdown_text
from backprop_tui.exports.documents.page import Html, element, formula, page
from backprop_tui.maths.mathml import MATHML
from backprop_tui.maths.writing import LATEX, Notation, write

Texts: TypeAlias = Callable[[str, Sequence[Derivation]], Iterator[str]]
"""A title and derivations -> the text of the document in pieces."""


def as_text(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """A heading for each gradient, then a line for each step: the expression, and the rule."""
    for number, each in enumerate(derivations):
        width = max(len(line.written()) for line in each.lines)
        yield f"{chr(10) if number else ''}{each.heading()}\n"
        yield from (f"= {line.written():<{width}}  {line.rule}\n" for line in each.lines)


def as_markdown(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """Formulas are LaTeX between dollar signs."""
    yield f"# {markdown_text(title)}\n"
    for each in derivations:
        yield f"\n## ${each.heading(LATEX)}$\n\n"
        yield from (
            f"- ${' '.join(filter(None, _sides(line, LATEX)))}$ {markdown_text(line.rule)}\n"
            for line in each.lines
        )


def as_latex(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """An article, with the lines in displayed formulas."""
    yield latex.PREAMBLE
    yield f"\\section*{{{latex.escaped(title)}}}\n"
    for each in derivations:
        yield f"\n\\subsection*{{${each.heading(LATEX)}$}}\n"
        rows = (
            rf"{' &'.join(_sides(line, LATEX))} && \text{{{latex.escaped(line.rule)}}}"
            for line in each.lines
        )
        yield "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"
    yield "\\end{document}\n"


def as_html(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """A page with a table of lines for each gradient."""
    body = (element("h1", title), *map(_section, derivations))
    return page(title, body, STYLE)


def _section(derivation: Derivation) -> Html:
    rows = (
        element(
            "tr",
            *(element("td", formula(side) if side else "") for side in _sides(line, MATHML)),
            element("td", line.rule),
        )
        for line in derivation.lines
    )
    return element(
        "section",
        element("h2", formula(derivation.heading(MATHML))),
        element("div", element("table", element("tbody", *rows)), class_="wide"),
    )


def _sides(line: DerivationLine, notation: Notation) -> tuple[str, str]:
    """What stands on the left of a line, and the rest from = on."""
    left = "" if line.left is None else write(line.left, notation)
    return left, f"{notation.equals} {line.written(notation)}"


FORMATS: dict[str, Texts] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
    "html": as_html,
}
"""How a derivation can be written, by the name for `--as`."""
