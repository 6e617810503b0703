"""A step worked out: what a document says of it, before it is Markdown, LaTeX or HTML.

Everything is the engine's explanation of one number of the step, and the matrix it belongs to. A
document lays it out in its own signs; nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backprop_tui.explain.explanation import Explanation, becomes, formula, shape_line
from backprop_tui.exports.trace import MOST_COLUMNS, abbreviated, kept, kept_rows
from backprop_tui.maths.expressions import Call, Cell, Expr, walk
from backprop_tui.maths.functions import DEFINITIONS, z
from backprop_tui.maths.indices import indexed
from backprop_tui.maths.writing import GUARDED, Notation, write
from backprop_tui.model.experiment import Array
from backprop_tui.model.program import Step

FOLD = 6
"""Terms of a sum that are written out; a longer one is its first ones, … and the last."""


@dataclass(frozen=True)
class Matrix:
    """A matrix as a table: what its columns and rows are called, and its figures."""

    symbol: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    named: bool = False
    """Whether its rows are called more than their numbers."""


def matrix(symbol: str, value: Array, decimals: int, called: Sequence[str] | None = None) -> Matrix:
    """Rows and columns count from 1, and rows may have names; of many the first and the last."""
    columns, shown = kept(value.shape[1], MOST_COLUMNS), kept_rows(value.shape[0])
    numbers = ["⋮" if i is None else str(i + 1) for i in shown]
    sides = [
        n if called is None or i is None else f"{n} {called[i]}"
        for i, n in zip(shown, numbers, strict=True)
    ]
    figures = map(tuple, abbreviated(value, decimals, MOST_COLUMNS))
    heads = tuple("…" if j is None else str(j + 1) for j in columns)
    return Matrix(symbol, heads, tuple(zip(sides, figures, strict=True)), called is not None)


def defined(*expressions: Expr) -> dict[Expr, Expr]:
    """The functions that are called and are defined by others: σ(z), and 1 / (1 + exp(−z))."""
    called = (part for e in expressions for part in walk(e) if isinstance(part, Call))
    functions = dict.fromkeys(c.function for c in called if c.function in DEFINITIONS)
    return {Call(function, (z,)): DEFINITIONS[function] for function in functions}


def telling(step: Step, value: Array, before: Array | None, decimals: int) -> Cell:
    """The number that is worked out: the first one at which the step is seen to do something.

    That is [1,1], unless the result (of an update, the change) is 0 there or has but one digit.
    A function may well give 0: the closed gate of a ReLU is its point. Down the columns, so that
    the document stays with one example as long as it can.
    """
    calls = any(isinstance(e, Call) and e.function in DEFINITIONS for e in walk(step.expression))
    done = value if before is None else value - before
    told = np.isfinite(done) & ((done != 0) | calls)
    two_digits = np.abs(done) >= 10.0 ** (1 - decimals)
    for good in (told & (two_digits | (done == 0)), told):
        if good.any():
            column, row = np.argwhere(good.T)[0].tolist()
            return Cell(step.symbol, row + 1, column + 1)
    return Cell(step.symbol, 1, 1)


@dataclass(frozen=True)
class Worked:
    """One step, with one of its numbers explained."""

    number: int
    step: Step
    explanation: Explanation
    matrix: Matrix
    notes: tuple[str, ...]
    slip: str | None
    """What the run's mistake makes of it, where it is made here."""
    printed: tuple[str, ...]
    """What was published of it."""

    @property
    def place(self) -> str:
        """forward, layer 1"""
        layer = self.step.layer
        return self.step.phase + (f", layer {layer}" if layer else "")

    def formula(self, notation: Notation) -> str:
        """The step as it is taught."""
        return formula(self.step, notation)

    def shapes(self, notation: Notation) -> str:
        """(1×3) = (1×1) · (3×1)ᵀ"""
        return shape_line(self.step, self.explanation.shapes, notation)

    def index_form(self, notation: Notation) -> str | None:
        """dW2[i,j] = Σₖ dZ2[i,k]·A1[j,k]; of a single number it would say the same twice."""
        step, shapes = self.step, self.explanation.shapes
        if set(shapes[step.symbol]) == {1}:
            return None
        target, expression = indexed(step.target, step.expression, shapes, notation)
        return f"{target} {becomes(step, notation)} {expression}"

    def where(self, notation: Notation) -> list[str]:
        """σ(z) = 1 / (1 + exp(−z)): what the functions of the formula stand for."""
        return [
            f"{write(call, notation)} {notation.equals} {write(definition, notation)}"
            for call, definition in defined(self.step.expression).items()
        ]

    def element(self, notation: Notation) -> list[str]:
        """The number's cell = symbols, = arithmetic, stage by stage, = result."""
        found = self.explanation
        cell, sign = write(found.place.cell, notation), becomes(self.step, notation)
        numbers = [*found.numbers(FOLD, notation), notation.figure(found.result)]
        return [
            f"{cell} {sign} {found.symbols(FOLD, notation)}",
            *(f"{notation.equals} {stage}" for stage in numbers),
        ]

    @property
    def spoken(self) -> str:
        """The number's line in plain signs."""
        return " ".join(self.element(GUARDED))
