"""Derivations as documents: each gradient with its lines, as text, Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from backprop_tui.explain.derivation import Derivation
from backprop_tui.exports.documents import html, latex, markdown
from backprop_tui.exports.documents.document import Layout
from backprop_tui.exports.documents.page import element, page

Texts: TypeAlias = Callable[[str, Sequence[Derivation]], Iterator[str]]
"""A title and derivations -> the text of the document in pieces."""


def as_text(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """A heading for each gradient, then a line for each step: the expression, and the rule."""
    for number, each in enumerate(derivations):
        yield f"{chr(10) if number else ''}{each}\n"


def as_markdown(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """Formulas are LaTeX between dollar signs."""
    return _laid_out(title, derivations, markdown.LAYOUT)


def as_latex(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """An article, with the lines in displayed formulas."""
    return latex.article(_laid_out(title, derivations, latex.LAYOUT))


def as_html(title: str, derivations: Sequence[Derivation]) -> Iterator[str]:
    """A page with a table of lines for each gradient."""
    return page(title, chain([element("h1", title)], html.derived(derivations)), html.STYLE)


def _laid_out(title: str, derivations: Sequence[Derivation], layout: Layout) -> Iterator[str]:
    yield layout.heading(1, title)
    yield layout.heading(2, "Derivations")
    yield from map(layout.derivation, derivations)


FORMATS: dict[str, Texts] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
    "html": as_html,
}
"""How a derivation can be written, by the name for `--as`."""
