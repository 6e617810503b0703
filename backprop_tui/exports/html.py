"""The HTML export: iterations worked out step by step on one page, formulas as MathML.

What is said of a step, `worked` knows; how a page looks, `page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from backprop_tui.engine.mathml import MATHML
from backprop_tui.engine.notation import TEXT
from backprop_tui.engine.program import Phase
from backprop_tui.engine.timeline import Iteration, Timeline
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.page import mathematics, page, paragraph, table
from backprop_tui.exports.trace import given, heading, iterations
from backprop_tui.exports.worked import Worked, matrix, opening, phases


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The page, a step at a time."""
    return page(timeline.experiment.title, _body(timeline, wanted))


def _body(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    title, *said = timeline.experiment.title, *opening(timeline, wanted.decimals)
    yield f"<header>\n<h1>{escape(title)}</h1>\n{''.join(map(paragraph, said))}</header>\n"
    before = None
    for iteration in iterations(timeline, wanted.iterations):
        name = f"iteration-{iteration.number}"
        yield f'<section aria-labelledby="{name}">\n'
        yield f'<h2 id="{name}">{escape(heading(timeline, iteration))}</h2>\n'
        yield _given(iteration, before, wanted.decimals)
        for phase, steps in phases(timeline, iteration, wanted.decimals):
            # By its first step: where a mistake updates early, a phase comes more than once.
            part = f"{name}-step-{steps[0].number}"
            yield f'<section aria-labelledby="{part}">\n'
            yield f'<h3 id="{part}">{phase.capitalize()}</h3>\n'
            for worked in steps:
                yield _step(worked, phase)
            yield "</section>\n"
        yield "</section>\n"
        before = iteration
    if before is not None and before.diverged:
        yield paragraph(f"The run diverged: {before.diverged} is no longer finite.", "wrong")


def _given(iteration: Iteration, before: Iteration | None, decimals: int) -> str:
    tables = [table(matrix(symbol, value, decimals)) for symbol, value in given(iteration, before)]
    if not tables:
        return ""
    return f'<h3>Given</h3>\n<div class="matrices">\n{"".join(tables)}</div>\n'


def _step(worked: Worked, phase: Phase) -> str:
    found = worked.explanation
    formula = mathematics([worked.formula(MATHML)], worked.formula(TEXT))
    cell, *stages = worked.element(MATHML)
    element = [cell, *(f"{MATHML.equals}{stage}" for stage in stages)]
    parts = [
        f"<h4>{worked.number}. <math>{MATHML.name(worked.step.symbol)}</math></h4>\n",
        formula,
        *(f"<p>where <math><mrow>{said}</mrow></math></p>\n" for said in worked.where(MATHML)),
        paragraph(f"Mistaken: {worked.slip}", "wrong") if worked.slip else "",
        paragraph(found.reason),
        paragraph(f"Shapes: {found.shape_line}", "quiet"),
        paragraph(f"Index form: {worked.index_form}", "quiet"),
        mathematics(element, " = ".join(worked.element(TEXT))),
        *(paragraph(remark) for remark in found.remarks),
        *(f"<blockquote>{paragraph(note)}</blockquote>\n" for note in worked.notes),
        table(worked.matrix),
    ]
    return f'<article class="step {phase}">\n{"".join(parts)}</article>\n'
