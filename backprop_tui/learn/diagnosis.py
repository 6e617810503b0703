"""Diagnosis: which mistake gives the number that a learner typed, and where to look again.

It is compared first with mistakes in the step, then with errors in one term of the sum, then with
the cells beside it, then with the numbers that it is computed from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from math import isclose, isfinite, log10
from operator import lt
from typing import Any, TypeAlias

import numpy as np

from backprop_tui.learn.mistakes import ONE_PATH, ONE_TERM, ROUNDING, Slip, every_slip
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
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import largest, significant
from backprop_tui.maths.shapes import Shape, ShapeMismatch, shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.program import Program, lowered
from backprop_tui.run.iterations import Iteration

Env: TypeAlias = Mapping[str, Any]
NEAR = 2
"""How far away in its row or column a cell may be to be read by mistake."""
MOST = 8
"""The most terms of a sum that are written out."""
MOST_BY_CHANCE = 0.02
"""How many of all random numbers may be taken for a mistake."""
ADVICE = " Compute it part by part."
"""What is said to a number that no mistake is named for."""
MOST_PLACES = 3
"""By how many places a point may be misplaced."""


@dataclass(frozen=True)
class WrongNumber:
    """A wrong number for a cell, and the mistake that gives it."""

    number: float
    label: str
    """How one gets it, in at most 34 characters: without the bias."""
    told: str | None
    """What is correct; None where the slip says it."""
    look: tuple[Cell, ...]
    """The cells where to look again."""
    slip: Slip | None = None
    """The mistake in the step; None where it is in a term, a cell or the decimal point."""
    term: Expr | None = None
    """The only term of the sum that is wrong, if it is one."""

    @property
    def sentence(self) -> str | None:
        """What is correct: dZ2 is A2 − Y, not Y − A2."""
        return self.slip.sentence if self.slip else self.told


@dataclass(frozen=True)
class Diagnosis:
    """What a learner's number comes from: the mistakes that give it, all equally likely."""

    number: str
    right: bool = False
    ideas: tuple[WrongNumber, ...] = ()
    by_chance: bool = False
    """Whether a mistake gives it, but a random number would as easily: then none is named."""

    @property
    def slips(self) -> tuple[Slip, ...]:
        """The mistakes in the step that give that number."""
        return tuple(idea.slip for idea in self.ideas if idea.slip)

    @property
    def look(self) -> tuple[Cell, ...]:
        """The cells where to look again."""
        return tuple(dict.fromkeys(chain.from_iterable(idea.look for idea in self.ideas)))

    @property
    def sentence(self) -> str:
        """−0.486 is what you get with the sign flipped: dZ2 is A2 − Y, not Y − A2."""
        if self.right:
            return f"{self.number} is correct."
        if not self.ideas:
            known = "" if self.by_chance else ", and not one of the common mistakes"
            return f"{self.number} is not correct{known}.{ADVICE}"
        said = "; or ".join(f"{idea.label}: {idea.sentence}" for idea in self.ideas)
        return f"{self.number} is what you get {said}."

    @property
    def mistake(self) -> str:
        """−0.486 is what you get with the sign flipped: without what is correct."""
        said = ", or ".join(idea.label for idea in self.ideas)
        told = f"{self.number} is what you get {said}." if said else self.sentence
        return told.removesuffix(ADVICE)

    @property
    def term(self) -> Expr | None:
        """The only term of the sum in which the number differs; None where that is not known."""
        terms = {idea.term for idea in self.ideas}
        return terms.pop() if len(terms) == 1 else None


def explain_wrong(
    program: Program,
    iteration: Iteration,
    cell: Cell,
    number: float,
    tolerance: float,
    written: str | None = None,
) -> Diagnosis:
    """Which mistakes give a learner's number for a cell, to within `tolerance`.

    Those are named that are likeliest: in the step, or else in a term, and so on; but none that a
    random number would be taken for. `written` is how the number was typed; None for six
    significant digits.
    """
    asked = _asked(program, iteration, cell)
    said = written or significant(number)
    if abs(asked.right - number) <= tolerance:
        return Diagnosis(said, right=True)
    chance = _Chance(asked, 2 * tolerance)
    for ideas in asked.tiers():
        tellable = [(idea, chance.allows(idea)) for idea in ideas]
        fitting = [(i, named) for i, named in tellable if abs(i.number - number) <= tolerance]
        if fitting:
            found = {idea.label: idea for idea, named in reversed(fitting) if named}
            return Diagnosis(said, ideas=tuple(found.values())[::-1], by_chance=not found)
    if power := _powers(asked.right, number):
        where = "the left" if power > 0 else "the right"
        idea = WrongNumber(number, "with the point misplaced", f"move it to {where}", ())
        return Diagnosis(said, ideas=(idea,))
    return Diagnosis(said)


class _Chance:
    """How often random numbers, of up to twice the size of the largest of the matrix and rounded to
    multiples of a `unit`, are taken for mistakes."""

    def __init__(self, asked: _AskedCell, unit: float) -> None:
        matrix = asked.results[asked.cell.symbol]
        self.unit, self.step = unit or ROUNDING, asked.step
        self.most = 2 * largest(matrix)
        self.of_one = unit / (2 * self.most) if self.most else 0.0
        self.spent, self.counted = 0.0, {self._rounded(asked.right)}

    def _rounded(self, number: float) -> float:
        return float(np.rint(number / self.unit))

    def allows(self, idea: WrongNumber) -> bool:
        """Whether a mistake may be named, once those before it may: one that runs are made with by
        its own chance, any other only by that of all of them together."""
        if abs(idea.number) > self.most + self.unit:
            return True  # no such random number
        if (at := self._rounded(idea.number)) not in self.counted:
            self.counted.add(at)
            self.spent += self.of_one
        is_of_runs = idea.slip is not None and idea.slip.mistake.phase == self.step.phase
        return (self.of_one if is_of_runs else self.spent) <= MOST_BY_CHANCE


def wrong_numbers(
    program: Program, iteration: Iteration, cell: Cell, most: int = 60
) -> tuple[WrongNumber, ...]:
    """The wrong numbers that mistakes give at a cell, the likeliest first, no two equal."""
    asked = _asked(program, iteration, cell)
    found: list[WrongNumber] = []
    for idea in chain.from_iterable(asked.tiers()):
        taken = (asked.right, *(other.number for other in found))
        if not any(isclose(idea.number, n, rel_tol=1e-9, abs_tol=ROUNDING) for n in taken):
            found.append(idea)
        if len(found) == most:  # a neuron may have 784 inputs, each with its own mistakes
            break
    return tuple(found)


def _powers(right: float, number: float) -> int:
    """By how many powers of ten a number is too large; 0 if its digits are not the right ones."""
    if not (right and number and isfinite(right)) or (right < 0) != (number < 0):
        return 0
    exponent = log10(number / right)
    near = round(exponent)
    fits = abs(near) <= MOST_PLACES and abs(exponent - near) < 1e-3  # to the three digits given
    return near if fits else 0


@lru_cache(maxsize=4)
def _asked(program: Program, iteration: Iteration, cell: Cell) -> _AskedCell:
    """The cell asked for: it is chosen, voted on and answered by the same wrong numbers."""
    return _AskedCell(_asked_step(program, iteration, cell.symbol), cell)


@lru_cache(maxsize=4)
def _asked_step(program: Program, iteration: Iteration, symbol: str) -> _AskedStep:
    """The step asked for: what a mistake makes of it is computed once for all of its cells."""
    return _AskedStep(program, iteration, symbol)


class _AskedStep:
    """One step in one iteration, with what it reads."""

    def __init__(self, program: Program, iteration: Iteration, symbol: str) -> None:
        self.program, self.step = program, program.steps[program.index(symbol)]
        self.results = program.by_symbol(iteration.results)
        self.shapes: Mapping[str, Shape] = program.shapes(len(iteration.examples))
        # Parameters as they went forward, and a running mean as it was.
        made_later = {*program.parameters, symbol}
        computed = {s: r for s, r in self.results.items() if s not in made_later}
        self.env: Env = {**iteration.given, **iteration.scalars, **computed}
        before = (step.symbol for step in program.steps[: program.index(symbol)])
        self._known = {*iteration.given, *iteration.scalars, *before}

    @cached_property
    def slips(self) -> tuple[tuple[Slip, Array], ...]:
        """The mistakes that can be made before this step, each with the matrix that it gives."""
        found = []
        for slip in every_slip(self.program, self.step.symbol):
            if self._known.issuperset(names(slip.wrong)):
                # No such layer; a number without rows and columns is the same in all of them.
                with suppress(ShapeMismatch, KeyError):
                    rows, columns = shape(slip.wrong, self.shapes) or (1, 1)
                    result = np.asarray(value(lowered(slip.wrong), self.env))
                    # linear′(Z1) is the number 1 once it is lowered.
                    found.append((slip, np.broadcast_to(result, (rows, columns))))
        return tuple(found)


class _AskedCell:
    """One cell of a step that is asked for, and the correct number."""

    def __init__(self, of: _AskedStep, cell: Cell) -> None:
        self.of, self.cell, self.at = of, cell, (cell.row - 1, cell.column - 1)
        self.program, self.step, self.env = of.program, of.step, of.env
        self.results, self.shapes = of.results, of.shapes
        self.right = float(self.results[cell.symbol][self.at])

    def tiers(self) -> Iterator[tuple[WrongNumber, ...]]:
        """The wrong numbers, the likeliest first; a tier counts only if none before it matches."""
        return map(self._tier, (self._slips, self._terms, self._cells_beside, self._operands))

    @lru_cache(maxsize=8)  # noqa: B019 (as long as its cell)
    def _tier(self, tier: Callable[[], Iterator[WrongNumber]]) -> tuple[WrongNumber, ...]:
        with np.errstate(all="ignore"):
            return tuple(i for i in tier() if isfinite(i.number) and self._differs(i))

    def _differs(self, idea: WrongNumber) -> bool:
        return abs(idea.number - self.right) > ROUNDING * abs(self.right)

    # Mistakes in the step

    def _slips(self) -> Iterator[WrongNumber]:
        look, narrowest = self._lit(self.step.expression), min(self.shapes[self.step.symbol])
        for slip, result in self.of.slips:
            at = (0, 0) if result.size == 1 else self.at
            # No matrix stands where a column should: nobody would take one number of it.
            if min(result.shape) <= narrowest and all(map(lt, at, result.shape)):
                yield WrongNumber(float(result[at]), slip.mistake.how, None, look, slip)
        yield from self._single_terms()

    def _lit(self, e: Expr) -> tuple[Cell, ...]:
        return cells(element(e, self.cell.row, self.cell.column, self.shapes, MOST))

    # Terms that the number is the sum of

    def _addends(self) -> tuple[tuple[Expr, float, Expr], ...]:
        """The terms that add up to the number, each with its factor: −1, 1/m; and with that as it
        is written."""
        whole = element(self.step.expression, self.cell.row, self.cell.column, self.shapes)
        return tuple(self._opened(whole))

    def _opened(self, e: Expr) -> Iterator[tuple[Expr, float, Expr]]:
        match e:
            case Sum(terms):
                yield from chain.from_iterable(map(self._opened, terms))
            case Diff(x, y):
                yield from chain(self._opened(x), self._opened(Neg(y)))
            case Neg(x):
                for term, factor, e in self._opened(x):
                    yield term, -factor, e.operand if isinstance(e, Neg) else Neg(e)
            case Div(x, Num() | Name() as y):
                for term, factor, e in self._opened(x):
                    yield term, factor / float(value(y, self.env)), Div(e, y)
            case _:
                yield e, 1.0, e

    def _single_terms(self) -> Iterator[WrongNumber]:
        addends = self._addends()
        if len(addends) < 2 or self.step.phase == "update":
            return
        kind = ONE_PATH if self._goes_back() else ONE_TERM
        cell = self.cell
        right = element(self.step.expression, cell.row, cell.column, self.shapes, MOST)
        step = replace(self.step, target=Name(text(cell)))
        counts = Counter(term for term, *_ in addends)
        for term, factor, alone in addends:
            slip = Slip(kind, step, right, alone)
            number = factor * float(value(term, self.env))
            is_one_left = len(addends) - counts[term] == 1
            left_out = next(t for t in counts if t != term) if is_one_left else None
            yield WrongNumber(number, kind.how, None, cells(term), slip, left_out)

    def _goes_back(self) -> bool:
        """Whether the terms are paths: a gradient is computed from others, and with weights."""
        read = names(self.step.expression)
        return self.step.phase == "backward" and any(s in self.program.parameters for s in read)

    def _terms(self) -> Iterator[WrongNumber]:
        addends = self._addends()
        for term, factor, _ in addends:
            part, said, look = factor * float(value(term, self.env)), text(term), cells(term)
            if len(addends) > 1:
                yield WrongNumber(
                    self.right - part,
                    "with a term left out",
                    f"{said} is one of the terms",
                    look,
                    term=term,
                )
                twice = f"{said} counts only once"
                yield WrongNumber(
                    self.right + part, "with a term counted twice", twice, look, term=term
                )
                sign = f"look at the sign of {said}"
                yield WrongNumber(
                    self.right - 2 * part,
                    "with the sign of a term flipped",
                    sign,
                    look,
                    term=term,
                )
            if isinstance(term, Mul):
                added = factor * float(value(term.left + term.right, self.env))
                factors = f"{said} is a product"
                number = self.right - part + added
                yield WrongNumber(number, "with factors added", factors, look, term=term)

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
                label = f"from the {'second ' if abs(down + right) > 1 else ''}cell {side}"
                number = float(found[other.row - 1, other.column - 1])
                yield WrongNumber(
                    number, label, f"that is {text(other)}, not {text(cell)}", (cell, other)
                )

    def _operands(self) -> Iterator[WrongNumber]:
        for cell in self._lit(self.step.expression):
            number = float(self.env[cell.symbol][cell.row - 1, cell.column - 1])
            said = f"{text(self.cell)} is computed from it"
            yield WrongNumber(number, f"from {text(cell)} alone", said, (cell,))
