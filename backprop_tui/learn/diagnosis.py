"""Which mistake a number comes from: what a learner gave, against what each mistake would give.

The mistakes of the catalogue and the misreadings rewrite the step of a cell; behind them come the
terms that the number is the sum of, the cells beside it, and the numbers it is made from. Neither a
formula nor the result is given away: a diagnosis says where to look. It knows nothing of screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from math import isclose, isfinite, log10
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.learn.mistakes import (
    CATALOGUE,
    MISREADINGS,
    ONE_PATH,
    ONE_TERM,
    ROUNDING,
    Slip,
    slips,
    taught,
)
from backprop_tui.learn.rewrites import read_back_through
from backprop_tui.maths.elements import element
from backprop_tui.maths.expressions import (
    Cell,
    Diff,
    Div,
    Expr,
    Mul,
    Name,
    Neg,
    Num,
    Sum,
    cells,
    names,
)
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.program import Program, Step, lower
from backprop_tui.run.iterations import Iteration

Env: TypeAlias = Mapping[str, Any]
NEAR = 2
"""Cells this far away in the same row or column are looked at by mistake."""
MOST = 8
"""Terms of a longer sum are not all written, nor all lit."""


@dataclass(frozen=True)
class WrongNumber:
    """A wrong number for a cell, and how one gets it: `without the bias`, in 34 characters."""

    number: float
    label: str
    told: str | None
    """What to think of; None where the slip tells it."""
    look: tuple[Cell, ...]
    slip: Slip | None = None
    """The mistake in the step; None where only a term, a cell or a digit was mistaken."""

    @property
    def sentence(self) -> str | None:
        """What to think of: `dZ2 is A2 − Y, not Y − A2`. A vote has many ideas and tells few."""
        return self.slip.sentence if self.slip else self.told


@dataclass(frozen=True)
class Diagnosis:
    """What became of a number: the ideas that give it, all of them equally good."""

    number: str
    right: bool = False
    ideas: tuple[WrongNumber, ...] = ()
    gives_away: bool = False
    """Whether the right number could be read off it: it is right but for its sign or its point."""

    @property
    def slips(self) -> tuple[Slip, ...]:
        """The mistakes with that number."""
        return tuple(idea.slip for idea in self.ideas if idea.slip)

    @property
    def idea(self) -> str:
        """How one gets that number, without where: a first hint."""
        return " or ".join(dict.fromkeys(idea.label for idea in self.ideas))

    @property
    def look(self) -> tuple[Cell, ...]:
        """The cells where to look."""
        return tuple(dict.fromkeys(chain.from_iterable(idea.look for idea in self.ideas)))

    @property
    def sentence(self) -> str:
        """`−0.486 is what you get with the sign flipped: dZ2 is A2 − Y, not Y − A2.`"""
        if self.right:
            return f"{self.number} is right."
        if not self.ideas:
            return f"No mistake that I know gives {self.number}."
        said = "; or ".join(f"{idea.label}: {idea.sentence}" for idea in self.ideas)
        return f"{self.number} is what you get {said}."


def explain_wrong(
    program: Program,
    iteration: Iteration,
    cell: Cell,
    number: float,
    tolerance: float,
    written: str | None = None,
) -> Diagnosis:
    """Where a learner's number for a cell comes from, as `written` or else by its digits.

    Mistakes in the step come first, each that comes within `tolerance`; only where there is none
    the likeliest of the other ideas.
    """
    asked = _AskedCell(program, iteration, cell)
    said = written or f"{number:.6g}".replace("-", "−")
    if abs(asked.right - number) <= tolerance:
        return Diagnosis(said, right=True)
    gives_away = isclose(number, -asked.right, abs_tol=tolerance) or _powers(asked.right, number)
    for ideas in asked.tiers():
        found = _apart(idea for idea in ideas if abs(idea.number - number) <= tolerance)
        if found:
            return Diagnosis(said, ideas=found, gives_away=bool(gives_away))
    if power := _powers(asked.right, number):
        where = "the left" if power > 0 else "the right"
        idea = WrongNumber(number, "with the point misplaced", f"it belongs further to {where}", ())
        return Diagnosis(said, ideas=(idea,), gives_away=True)
    return Diagnosis(said)


def wrong_numbers(
    program: Program, iteration: Iteration, cell: Cell, most: int = 60
) -> tuple[WrongNumber, ...]:
    """What mistakes give at this cell, the likeliest first: no two alike, none right."""
    asked = _AskedCell(program, iteration, cell)
    found: list[WrongNumber] = []
    for idea in chain.from_iterable(asked.tiers()):
        taken = (asked.right, *(other.number for other in found))
        if not any(isclose(idea.number, n, rel_tol=1e-9, abs_tol=ROUNDING) for n in taken):
            found.append(idea)
        if len(found) == most:  # a neuron may have 784 inputs, each with its own mistakes
            break
    return tuple(found)


def _apart(ideas: Iterable[WrongNumber]) -> tuple[WrongNumber, ...]:
    """One of each: the same mistake can be made in two ways that come close."""
    return tuple({idea.label: idea for idea in reversed(list(ideas))}.values())[::-1]


def _powers(right: float, number: float) -> int:
    """By how many powers of ten too large a number is, with all of its digits right; 0 if not."""
    if not (right and number and isfinite(right)) or (right < 0) != (number < 0):
        return 0
    exponent = log10(number / right)
    near = round(exponent)
    return near if abs(exponent - near) < 1e-3 else 0  # to the three digits that one gives


class _AskedCell:
    """One cell in one iteration: its step, what that reads, and the number that is right."""

    def __init__(self, program: Program, iteration: Iteration, cell: Cell) -> None:
        self.program, self.cell = program, cell
        self.step = program.steps[program.index(cell.symbol)]
        self.results = program.by_symbol(iteration.results)
        self.shapes: Mapping[str, Shape] = program.shapes(len(iteration.examples))
        self.at = (cell.row - 1, cell.column - 1)
        self.right = float(self.results[cell.symbol][self.at])
        # Parameters as they went forward, and a running mean as it was.
        made_later = {*program.parameters, cell.symbol}
        computed = {s: r for s, r in self.results.items() if s not in made_later}
        self.env: Env = {**iteration.given, **iteration.scalars, **computed}
        before = (step.symbol for step in program.steps[: program.index(cell.symbol)])
        self._known = {*iteration.given, *iteration.scalars, *before}

    def tiers(self) -> Iterator[Iterable[WrongNumber]]:
        """The ideas, the likeliest first; those of a later tier only count where none before do."""
        for tier in (self._slips, self._terms, self._cells_beside, self._operands):
            with np.errstate(all="ignore"):
                yield [idea for idea in tier() if isfinite(idea.number) and self._differs(idea)]

    def _differs(self, idea: WrongNumber) -> bool:
        return abs(idea.number - self.right) > ROUNDING * abs(self.right)

    # Mistakes in the step

    def _fits(self, step: Step, e: Expr) -> bool:
        """Whether a mistaken matrix has a number in this cell, from what is known before."""
        if not self._known.issuperset(names(e)):
            return False
        try:
            rows, columns = shape(e, self.shapes) or (1, 1)
        except (ShapeMismatch, KeyError):  # no such layer
            return False
        if (rows, columns) == (1, 1):
            return True
        # No matrix stands where a column should: nobody would take one number of it.
        narrow = min(rows, columns) <= min(self.shapes[step.symbol])
        return narrow and self.at[0] < rows and self.at[1] < columns

    def _slips(self) -> Iterator[WrongNumber]:
        step = self.step
        seen: set[Expr] = set()
        look = self._lit(step.expression)
        # By hand σ′(Z1) is A1 ∘ (1 − A1): that can go wrong as well.
        forms = dict.fromkeys((*taught(step), self.program.lowered_of(step)))
        for mistake in (*CATALOGUE.values(), *MISREADINGS.values()):
            for slip in slips(mistake, step, forms, self.program, self._fits):
                if slip.wrong not in seen:
                    seen.add(slip.wrong)
                    yield WrongNumber(self._number(slip.wrong), mistake.how, None, look, slip)
        yield from self._single_terms()

    def _number(self, wrong: Expr) -> float:
        result = np.asarray(value(lower(wrong, {}), self.env))
        if result.size == 1:
            return float(result.item())
        # linear′(Z1) is the number 1 once it is lowered: its shape is that of Z1 all the same.
        return float(np.broadcast_to(result, shape(wrong, self.shapes))[self.at])

    def _lit(self, e: Expr) -> tuple[Cell, ...]:
        return cells(element(e, self.cell.row, self.cell.column, self.shapes, MOST))

    # Terms that the number is the sum of

    def _addends(self) -> tuple[tuple[Expr, float], ...]:
        """The terms that add up to the number, each with its factor: −1, 1/m."""
        whole = element(self.step.expression, self.cell.row, self.cell.column, self.shapes)
        return tuple(self._opened(whole, 1.0))

    def _opened(self, e: Expr, factor: float) -> Iterator[tuple[Expr, float]]:
        match e:
            case Sum(terms):
                for term in terms:
                    yield from self._opened(term, factor)
            case Diff(x, y):
                yield from self._opened(x, factor)
                yield from self._opened(y, -factor)
            case Neg(x):
                yield from self._opened(x, -factor)
            case Div(x, Num() | Name() as y):
                yield from self._opened(x, factor / float(value(y, self.env)))
            case _:
                yield e, factor

    def _single_terms(self) -> Iterator[WrongNumber]:
        addends = self._addends()
        if len(addends) < 2 or self.step.phase == "update":
            return
        kind = ONE_TERM if read_back_through(self.step, self.program) is None else ONE_PATH
        cell = self.cell
        right = element(self.step.expression, cell.row, cell.column, self.shapes, MOST)
        step = replace(self.step, target=Name(text(cell)))
        for term, factor in addends:
            slip = Slip(kind, step, right, term if factor > 0 else Neg(term))
            number = factor * float(value(term, self.env))
            yield WrongNumber(number, kind.how, None, cells(term), slip)

    def _terms(self) -> Iterator[WrongNumber]:
        addends = self._addends()
        for term, factor in addends:
            part, said, look = factor * float(value(term, self.env)), text(term), cells(term)
            if len(addends) > 1:
                yield WrongNumber(
                    self.right - part, "with a term left out", f"{said} belongs to it", look
                )
                twice = f"{said} counts once"
                yield WrongNumber(self.right + part, "with a term taken twice", twice, look)
                sign = f"look at the sign of {said}"
                yield WrongNumber(
                    self.right - 2 * part, "with the sign of a term flipped", sign, look
                )
            if isinstance(term, Mul):
                added = factor * float(value(term.left + term.right, self.env))
                factors = f"{said} is a product"
                number = self.right - part + added
                yield WrongNumber(number, "with factors added", factors, look)

    # Numbers read from the wrong place

    def _cells_beside(self) -> Iterator[WrongNumber]:
        cell, found = self.cell, self.results[self.cell.symbol]
        rows, columns = found.shape
        steps = [by for far in range(1, NEAR + 1) for by in (far, -far)]
        for down, right in [(by, 0) for by in steps] + [(0, by) for by in steps]:
            other = Cell(cell.symbol, cell.row + down, cell.column + right)
            if 0 < other.row <= rows and 0 < other.column <= columns:
                side = ("below" if down > 0 else "above") if down else ""
                side = side or ("to the right" if right > 0 else "to the left")
                label = f"from the cell {'next ' if abs(down + right) > 1 else ''}{side}"
                number = float(found[other.row - 1, other.column - 1])
                yield WrongNumber(
                    number, label, f"that is {text(other)}, not {text(cell)}", (cell, other)
                )

    def _operands(self) -> Iterator[WrongNumber]:
        for cell in self._lit(self.step.expression):
            number = float(self.env[cell.symbol][cell.row - 1, cell.column - 1])
            said = f"that is {text(cell)}, and {text(self.cell)} is made from it"
            yield WrongNumber(number, f"from {text(cell)} as it is", said, (cell,))
