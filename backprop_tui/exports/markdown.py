"""The Markdown export: iterations worked out step by step, formulas as LaTeX between dollar signs.

GitHub, notebooks and pandoc show it as it is meant. What is said of a step, `worked` knows; here it
is only laid out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_tui.engine.notation import LATEX
from backprop_tui.engine.timeline import Timeline
from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.trace import given, heading, iterations
from backprop_tui.exports.worked import Matrix, Worked, matrix, opening, phases


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The document, a step at a time."""
    experiment = timeline.experiment
    yield f"# {escaped(experiment.title)}\n"
    for paragraph in opening(timeline, wanted.decimals):
        yield f"\n{escaped(paragraph)}\n"
    before = None
    for iteration in iterations(timeline, wanted.iterations):
        yield f"\n## {heading(timeline, iteration)}\n"
        begins = list(given(iteration, before))
        if begins:
            yield "\n### Given\n"
        for symbol, value in begins:
            yield f"\n{table(matrix(symbol, value, wanted.decimals))}"
        for phase, steps in phases(timeline, iteration, wanted.decimals):
            yield f"\n### {phase.capitalize()}\n"
            yield from map(_step, steps)
        before = iteration
    if before is not None and before.diverged:
        yield f"\nThe run diverged: {before.diverged} is no longer finite.\n"


def _step(worked: Worked) -> str:
    found = worked.explanation
    parts = [
        f"#### {worked.number}. {worked.step.symbol}",
        ", where ".join(f"${said}$" for said in (worked.formula(LATEX), *worked.where(LATEX))),
        *([f"**Mistaken: {escaped(worked.slip)}**"] if worked.slip else []),
        escaped(found.reason),
        f"- shapes: {escaped(found.shape_line)}\n"
        f"- index form: {escaped(worked.index_form)}\n"
        f"- one number: ${' = '.join(worked.element(LATEX))}$",
        *map(escaped, found.remarks),
        *(f"> {escaped(note)}" for note in worked.notes),
        table(worked.matrix).rstrip(),
    ]
    return "\n" + "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text on one line, whose signs are no Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#$|])", r"\\\1", " ".join(text.split()))


def table(matrix: Matrix) -> str:
    """A table with the symbol in its corner."""
    rows = [[matrix.symbol, *matrix.columns], ["---", *("---:" for _ in matrix.columns)]]
    rows += [[side, *figures] for side, figures in matrix.rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
