"""The Markdown document, and text that Markdown shows as it stands.

Formulas are LaTeX between dollar signs, as GitHub, notebooks and pandoc read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backprop_tui.explain.derivation import Derivation
from backprop_tui.exports.documents.document import (
    Layout,
    MatrixTable,
    WorkedStep,
    document,
    matrix_table,
)
from backprop_tui.exports.formats import Wanted
from backprop_tui.maths.writing import LATEX
from backprop_tui.model.experiment import Array
from backprop_tui.run.timeline import Timeline


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the document, a step at a time."""
    return document(timeline, wanted, LAYOUT)


def markdown_text(text: str) -> str:
    """The text on one line, with every sign escaped that Markdown would not show as it stands.

    All text that comes from a file is written through this function.
    """
    escaped = re.sub(r"([\\`*_{}\[\]<>#$|&~^])", r"\\\1", " ".join(text.split()))
    # A sign that would begin a list or a definition.
    return re.sub(r"^(\d+(?=[.)](?: |$))|(?=[-+:]))", r"\1\\", escaped)


def table_of(symbol: str, value: Array, decimals: int) -> str:
    """The table of a matrix, shortened where it is large."""
    return _table(matrix_table(symbol, value, decimals))


def _table(matrix: MatrixTable) -> str:
    """The rows of a table with the symbol in its corner."""
    rows = [[matrix.symbol, *matrix.columns], ["---", *("---:" for _ in matrix.columns)]]
    rows += [[markdown_text(head), *figures] for head, figures in matrix.rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _heading(level: int, words: str) -> str:
    return f"{'' if level == 1 else chr(10)}{'#' * level} {markdown_text(words)}\n"


def _paragraph(words: str) -> str:
    return f"\n{markdown_text(words)}\n"


def _matrices(matrices: Sequence[MatrixTable]) -> str:
    return "".join(f"\n{_table(matrix)}" for matrix in matrices)


def _step(worked: WorkedStep) -> str:
    found, form = worked.explanation, worked.index_form(LATEX)
    element = " ".join(f"${stage}$" for stage in worked.element(LATEX))
    formulas = (worked.formula(LATEX), *worked.definitions(LATEX))
    parts = [
        f"#### {worked.number}. ${LATEX.name(worked.step.symbol)}$, {worked.place}",
        ", where ".join(f"${formula}$" for formula in formulas),
        *([f"**{markdown_text(worked.slip)}**"] if worked.slip else []),
        markdown_text(found.reason),
        f"- shapes: ${worked.shapes(LATEX)}$\n"
        + (f"- index form: ${form}$\n" if form else "")
        + f"- one number: {element}",
        *map(markdown_text, found.remarks),
        *map(markdown_text, worked.published),
        *(f"> {markdown_text(note)}" for note in worked.notes),
        _table(worked.matrix).rstrip(),
    ]
    return "\n" + "\n\n".join(parts) + "\n"


def _derivation(found: Derivation) -> str:
    lines = (
        f"- ${' '.join(line.sides(LATEX)).lstrip()}$ {markdown_text(line.rule)}\n"
        for line in found.lines
    )
    return f"\n### ${found.heading(LATEX)}$\n\n{''.join(lines)}"


LAYOUT = Layout(_heading, _paragraph, _matrices, _step, _derivation)
