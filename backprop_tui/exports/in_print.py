"""What was published of a step, in sentences: which figures are as their source prints them.

A figure stands with the step that makes its number; one of an expression (−dZ2, σ′(Z2[1,1])) with
the last step that it reads. Nothing here knows how a document looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from backprop_tui.explain.published import Beside, Comparison, FigureVerdict
from backprop_tui.model.program import Program, Step
from backprop_tui.run.edits import said

MOST_FIGURES = 4
"""That are written out: of a whole matrix the first and the last will do."""


def in_print(beside: Beside, iteration: int, step: Step) -> Iterator[str]:
    """A sentence for what is as its source prints it, and one for each figure that is not."""
    program = beside.timeline.program
    own = [c for c in beside.all_in(iteration) if _made_by(c, program) == step]
    right = (c for c in own if c.wrong is None and not c.failed)
    for where, figures in groupby(right, _where):
        yield f"✓ As printed ({where}): {_listed(list(map(_figure, figures)))}"
    for c in own:
        if c.wrong is not None:
            yield f"≠ {short(c.source)} prints {_figure(c)}, wrong there: {_why(c)}"
        elif c.failed:
            yield f"✗ {short(c.source)} prints {_figure(c)}; here it is {said(c.computed)}"


def short(source: str) -> str:
    """Its first words, which are its author's name as a rule."""
    return source.split(",")[0]


def _made_by(c: Comparison, program: Program) -> Step | None:
    made = [program.positions[symbol] for symbol in c.reads if symbol in program.positions]
    return program.steps[max(made)] if made else None


def _where(c: Comparison) -> str:
    near = c.verdict is FigureVerdict.WITHIN and c.within is not None
    return f"{short(c.source)}, to within {said(c.within or 0)}" if near else short(c.source)


def _listed(figures: list[str]) -> str:
    if len(figures) <= MOST_FIGURES:
        return ", ".join(figures)
    return f"{len(figures)} figures, from {figures[0]} to {figures[-1]}"


def _figure(c: Comparison) -> str:
    return f"{c.of} = {c.printed.replace('-', '−')}"


def _why(c: Comparison) -> str:
    assert c.wrong is not None
    stop = "" if c.wrong.why.endswith((".", "!", "?")) else "."
    right = f" {c.correct.replace('-', '−')} is right." if c.correct else ""
    same = " This run makes the same mistake." if c.as_printed else ""
    return f"{c.wrong.why}{stop}{right}{same}"
