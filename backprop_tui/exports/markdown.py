"""The Markdown export: iterations worked out step by step, formulas as LaTeX between dollar signs.

GitHub, notebooks and pandoc show it as it is meant. What is said of a step, `worked` knows; here it
is only laid out.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.exports import markdown_text
from backprop_tui.exports.document import Layout, document
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.worked import Matrix, Worked
from backprop_tui.maths.writing import LATEX
from backprop_tui.run.timeline import Timeline


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The document, a step at a time."""
    return document(timeline, wanted, Layout(_heading, _paragraph, _block, _step))


def _heading(level: int, words: str) -> str:
    return f"{'' if level == 1 else chr(10)}{'#' * level} {markdown_text(words)}\n"


def _paragraph(words: str) -> str:
    return f"\n{markdown_text(words)}\n"


def _block(matrix: Matrix) -> str:
    return f"\n{table(matrix)}"


def _step(worked: Worked) -> str:
    found, form = worked.explanation, worked.index_form(LATEX)
    element = " ".join(f"${stage}$" for stage in worked.element(LATEX))
    parts = [
        f"#### {worked.number}. ${LATEX.name(worked.step.symbol)}$, {worked.place}",
        ", where ".join(f"${said}$" for said in (worked.formula(LATEX), *worked.where(LATEX))),
        *([f"**Mistaken: {markdown_text(worked.slip)}**"] if worked.slip else []),
        markdown_text(found.reason),
        f"- shapes: ${worked.shapes(LATEX)}$\n"
        + (f"- index form: ${form}$\n" if form else "")
        + f"- one number: {element}",
        *map(markdown_text, found.remarks),
        *map(markdown_text, worked.printed),
        *(f"> {markdown_text(note)}" for note in worked.notes),
        table(worked.matrix).rstrip(),
    ]
    return "\n" + "\n\n".join(parts) + "\n"


def table(matrix: Matrix) -> str:
    """A table with the symbol in its corner."""
    rows = [[matrix.symbol, *matrix.columns], ["---", *("---:" for _ in matrix.columns)]]
    rows += [[markdown_text(side), *figures] for side, figures in matrix.rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
