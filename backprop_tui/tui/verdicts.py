"""The gradient check as the screen runs it, a number at a time so that it can be left, and how its
verdict is written in a panel's title.
"""

from __future__ import annotations

from collections.abc import Callable

from backprop_tui.explain.gradient_check import CheckVerdict, GradientCheck, check_cells, summary
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration
from backprop_tui.tui.paint.numbers import signed

SAMPLE = 40
"""Cells of a gradient that are checked on the screen; all of a small one."""

SIGNS = {
    CheckVerdict.AGREES: "✓",
    CheckVerdict.DIFFERS: "✗",
    CheckVerdict.KINK: "~",
    CheckVerdict.CANNOT_TELL: "~",
}


def check_sample(
    program: Program, iteration: Iteration, symbol: str, cancelled: Callable[[], bool]
) -> GradientCheck | None:
    """The verdict on one gradient, from SAMPLE of its cells; None once it is `cancelled`."""
    cells = []
    for cell in check_cells(program, iteration, symbol, SAMPLE):
        if cancelled():
            return None
        cells.append(cell)
    if cancelled():
        return None
    return summary(symbol, tuple(cells), iteration.results[program.index(symbol)].size)


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
            return f"{sign} gradient check: cannot be checked here{some}"
