"""The lines of a derivation in numbers: −2.789 × 0.230 = −0.641."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from backprop_tui.explain.explanation import ROUNDED, read_figure
from backprop_tui.maths.elements import element
from backprop_tui.maths.entries import at_place
from backprop_tui.maths.expressions import (
    Call,
    Cell,
    Delta,
    Diff,
    Expr,
    Indexed,
    Name,
    Num,
    Partial,
    SumOver,
    names,
    replace,
    walk,
)
from backprop_tui.maths.functions import is_derivative, z
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import plain_number, with_numbers

FOLD = 4
"""Terms of a sum that are written out."""


@dataclass(frozen=True)
class LineNumbers:
    """Puts the numbers of one iteration into lines, at one cell of the gradient."""

    cell: Cell
    shapes: Mapping[str, Shape]
    env: Mapping[str, Any]
    write: Callable[[float], str]
    argument: Cell | None = None
    """What stands for z in the derivative of a function."""

    def at_cell(self, e: Expr, **letters: int) -> Expr | None:
        """The line over cells; None where it has no value of its own: a ∂, or a name for a sum."""
        row, column = self.cell.row, self.cell.column
        e = e if self.argument is None else replace(e, {z: self.argument})
        parts = list(walk(e))
        if any(isinstance(part, Partial) for part in parts) or not self.env.keys() >= {*names(e)}:
            return None
        if any(isinstance(part, Indexed | SumOver | Delta) for part in parts):
            return at_place(e, {"i": row, "j": column, **letters})
        return element(e, row, column, self.shapes)

    def of(self, e: Expr, **letters: int) -> tuple[str, str] | None:
        """A line as arithmetic, and its value, which may be the same; None where it has none.

        Where the figures shown give another value by rounding, that is said behind it.
        """
        found = self.at_cell(e, **letters)
        if found is None:
            return None
        exact = self.write(float(value(found, self.env)))
        figures = {part: f for part in walk(found) if (f := self._figure(part)) is not None}
        shown = replace(found, {part: Num(read_figure(f)) for part, f in figures.items()})
        by_hand = float(value(shown, self.env))
        is_rounded = isfinite(by_hand) and self.write(by_hand) != exact
        rounded = ROUNDED if is_rounded else ""
        return with_numbers(found, self._figure, FOLD), exact + rounded

    def _figure(self, part: Expr) -> str | None:
        if isinstance(part, Name) and part.is_number:
            return plain_number(self.env[part.symbol])
        match part:
            case Cell() | Diff(Num(1.0), Cell()):
                is_number = True
            case _:
                is_number = isinstance(part, Call) and is_derivative(part.function)
        return self.write(float(value(part, self.env))) if is_number else None
