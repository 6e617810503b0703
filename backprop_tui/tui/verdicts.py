"""What the nudge test found, in words that students can picture: nudge one number by a hair, and
see how far the loss moves. It computes nothing.
"""

from __future__ import annotations

from backprop_tui.engine.gradient_check import GradientVerdict, Verdict
from backprop_tui.tui.numbers import signed

SAMPLE = 40
"""Cells of a gradient that are nudged on the screen; all of a small one."""

SIGNS = {
    Verdict.AGREES: "✓",
    Verdict.DIFFERS: "✗",
    Verdict.KINK: "~",
    Verdict.CANNOT_TELL: "~",
}


def in_short(found: GradientVerdict) -> str:
    """✓ nudge test agrees, 3e-10"""
    sign, worst = SIGNS[found.verdict], found.worst
    some = f" ({found.checked} of {found.of:,} cells)" if found.checked < found.of else ""
    match found.verdict:
        case Verdict.AGREES:
            return f"{sign} nudge test agrees, {worst.difference:.0e}{some}"
        case Verdict.DIFFERS:
            return signed(f"{sign} nudge test: {worst.numeric:.4g}, not {worst.analytic:.4g}{some}")
        case Verdict.KINK:
            return f"{sign} nudge test: at a kink of ReLU{some}"
        case _:
            return f"{sign} nudge test: cannot be told here{some}"
