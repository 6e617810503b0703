"""The gradient check of every gradient of an iteration, a line each, filled in as it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rich.text import Text

from backprop_tui.explain.gradient_check import SIGNS, CheckVerdict, GradientCheck
from backprop_tui.maths.numbers import number
from backprop_tui.model.program import Program
from backprop_tui.run.timeline import Iteration


def check_text(
    program: Program,
    decimals: int,
    iteration: Iteration,
    known: Collection[str],
    found: Mapping[str, GradientCheck],
) -> Text:
    """Each gradient beside its central difference; of those that are `known` and not `found` yet,
    that it is being checked."""
    sheet = Text()
    sheet.append(f"Gradient check, iteration {iteration.number}\n", "bold")
    sheet.append(
        "Add 0.00001 to one number, subtract it, and compute the loss each time.\n"
        "The difference of the two losses, divided by 0.00002, is the derivative.\n\n",
        "dim",
    )
    titles = f"  {'cell':<13}{'backprop':>12}{'numerical':>12}{'difference':>11}  verdict\n"
    sheet.append(titles, "bold")
    for symbol in program.gradients:
        if symbol in found:
            sheet.append_text(verdict_line(found[symbol], max(6, decimals)))
        else:
            waits = "…" if symbol in known else "not computed yet"
            sheet.append(f"  {symbol:<13}{waits:>18}\n", "dim")
    return sheet


def verdict_line(found: GradientCheck, decimals: int) -> Text:
    """The cell of a gradient that differs most, and what was found."""
    worst, line = found.worst, Text()
    cell = f"{found.symbol}[{worst.row},{worst.column}]"
    a, n = number(worst.analytic, decimals), "·" if worst.why else number(worst.numeric, decimals)
    partly = found.checked < found.of and not worst.why
    some = f", {found.checked} of {found.of:,} cells" if partly else ""
    looks = "reverse red" if found.verdict is CheckVerdict.DIFFERS else ""
    line.append(f"  {cell:<13}{a:>12}{n:>12}{worst.difference_text:>11}  ")
    return line.append(f"{SIGNS[found.verdict]} {worst.why or found.said}{some}\n", looks)
