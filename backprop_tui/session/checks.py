"""The gradient check as a session runs it, a number at a time, and its verdict in a few words."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.explain.gradient_check import CheckVerdict, GradientCheck, check_cells, summary
from backprop_tui.maths.numbers import signed
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration

SAMPLE = 40
"""Cells of a gradient that are checked on the screen; all of a small one."""

SIGNS = {
    CheckVerdict.AGREES: "✓",
    CheckVerdict.DIFFERS: "✗",
    CheckVerdict.KINK: "~",
    CheckVerdict.CANNOT_TELL: "~",
}


def checked(program: Program, iteration: Iteration, symbol: str) -> Iterator[GradientCheck | None]:
    """Check one gradient, from SAMPLE of its cells: None for each cell, then the verdict."""
    cells = []
    for cell in check_cells(program, iteration, symbol, SAMPLE):
        cells.append(cell)
        yield None
    yield summary(symbol, tuple(cells), iteration.results[program.index(symbol)].size)


def in_short(found: GradientCheck) -> str:
    """✓ gradient check: difference < 1e-9"""
    sign, worst = SIGNS[found.verdict], found.worst
    some = f" ({found.checked} of {found.of:,} cells)" if found.checked < found.of else ""
    match found.verdict:
        case CheckVerdict.AGREES:
            return f"{sign} gradient check: difference {worst.difference_text}{some}"
        case CheckVerdict.DIFFERS:
            of = f"{found.symbol}[{worst.row},{worst.column}]"
            came = signed(f"{worst.numeric:.4g}, not {worst.analytic:.4g}")
            return f"{sign} gradient check, {of}: {came}{some}"
        case CheckVerdict.KINK:
            return f"{sign} gradient check: at a kink of ReLU{some}"
        case _:
            return f"{sign} gradient check: {found.said}{'' if worst.why else some}"
