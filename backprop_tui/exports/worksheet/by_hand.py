"""What comes out by hand: the steps of a worksheet, computed from the figures that it prints.

Whoever fills it in rounds, and reads the values of σ, log and others off a list. So an answer may
differ from the exact number; by how much is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from backprop_tui.explain.explanation import read_figure
from backprop_tui.exports.figures import figure
from backprop_tui.learn.by_hand import unit_of
from backprop_tui.maths.elements import gathers
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    Mul,
    Name,
    as_expr,
    calls,
    loss_term,
    rebuild,
)
from backprop_tui.maths.functions import PRIMITIVES, definition_of, expand
from backprop_tui.maths.numbers import signed
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Step
from backprop_tui.model.experiment import Array

LISTED = frozenset({"exp", "log", "sqrt"})
"""The functions whose values are listed, with all that are defined by them."""
MOST_EXACT = 4
"""The most decimals with which a given number is written in full, however answers are rounded."""
PLAIN = range(-4, 3)
"""The places of the first digit of numbers without a power of ten: from 0.000123 to 999."""
RESIDUE = 1e-14
"""A number of this size or less is 0: it is what rounding leaves of a sum that should be 0."""


# Rounding ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rounding:
    """How a sheet rounds: to so many decimals, or to so many significant digits."""

    digits: int
    significant: bool = False

    def __str__(self) -> str:
        """The rounding in words: 3 decimals, 3 significant digits."""
        if self.digits == 0:
            return "whole numbers"
        what = "significant digit" if self.significant else "decimal"
        return f"{self.digits} {what}{'' if self.digits == 1 else 's'}"

    def figure(self, number: float) -> str:
        """The number rounded: 0.054, −1.20, 5.39e−7, ∞."""
        if abs(number) <= RESIDUE:
            return "0" if self.significant else figure(0.0, self.digits)
        if not self.significant or not math.isfinite(number):
            return figure(number, self.digits)
        digits, _, power = f"{number:.{self.digits - 1}e}".partition("e")
        if (first := int(power)) in PLAIN:
            return signed(f"{float(number):.{max(0, self.digits - 1 - first)}f}")
        return signed(f"{digits}e{first}")

    def figures(self, matrix: Array) -> list[tuple[str, ...]]:
        """The numbers of a matrix rounded, row by row."""
        return [tuple(map(self.figure, row)) for row in matrix.tolist()]

    def given_figures(self, matrix: Array) -> list[tuple[str, ...]]:
        """The numbers of a given matrix, row by row: in full where that takes few decimals."""
        for decimals in range(max(MOST_EXACT, self.digits) + 1):
            if np.allclose(matrix.round(decimals), matrix, rtol=1e-12, atol=RESIDUE):
                return Rounding(decimals).figures(matrix)
        return self.figures(matrix)

    def unit(self, number: float) -> float:
        """The value of one in the last digit of a rounded number; 0 where it has no last digit."""
        if not math.isfinite(number) or (self.significant and abs(number) <= RESIDUE):
            return 0.0
        return unit_of(self.figure(number), self.digits)

    def loses(self, number: float) -> bool:
        """Whether the decimals leave fewer than two digits of a number."""
        return not self.significant and RESIDUE < abs(number) < 10.0 ** (1 - self.digits)


# Answers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FunctionValue:
    """An entry of the list of function values: a function at a printed argument."""

    function: str
    argument: str

    @property
    def value(self) -> float:
        """The exact value."""
        return float(value(Call(self.function, (as_expr(read_figure(self.argument)),)), {}))


@dataclass
class HandCalculation:
    """Computes steps from printed figures and, in full, from constants such as α and m."""

    known: dict[str, Any]
    rounding: Rounding
    keeps_digits: bool
    """Whether it goes on with all digits of its answers, or with those that it writes down."""
    looked_up: dict[FunctionValue, None] = field(default_factory=dict)
    """The entries that it reads off the list."""

    def answers(self, steps: Iterable[Step]) -> dict[str, Array]:
        """The result of each step, with all digits."""
        found = {}
        for step in steps:
            answer = found[step.symbol] = np.asarray(self._value(step.expression))
            self.known[step.symbol] = answer if self.keeps_digits else self._written(answer)
        return found

    def _written(self, answer: Array) -> Array:
        return np.array([list(map(read_figure, row)) for row in self.rounding.figures(answer)])

    def _value(self, e: Expr) -> Any:
        return value(self._with_list(e), self.known)

    def _with_list(self, e: Expr) -> Expr:
        """The expression with names in place of listed functions, and their values known."""
        if isinstance(e, Mul) and (term := loss_term(e)):
            x, a = term  # 0·log(a) is 0: nobody looks it up
            return Mul(self._with_list(x), self._listed(Call("log", (a,)), self._value(x) != 0))
        match e:
            case Call(function) if is_listed(function) and not gathers(function):
                return self._listed(e)
            case Call(function) if function not in PRIMITIVES:
                return self._with_list(expand(e))
            case _:
                return rebuild(e, self._with_list)

    def _listed(self, call: Call, needed: Any = True) -> Name:
        arguments, needed = np.broadcast_arrays(self._value(call.args[0]), needed)
        values = [
            self._look_up(call.function, argument) if is_needed else 0.0
            for argument, is_needed in zip(arguments.flat, needed.flat, strict=True)
        ]
        name = Name(f"listed {len(self.known)}")
        self.known[name.symbol] = np.reshape(values, arguments.shape)
        return name

    def _look_up(self, function: str, argument: float) -> float:
        entry = FunctionValue(function, self.rounding.figure(argument))
        self.looked_up[entry] = None
        return read_figure(self.rounding.figure(entry.value))


@cache
def is_listed(function: str) -> bool:
    """Whether the values of a function are listed: exp, log, and what is defined by them."""
    if function in PRIMITIVES:
        return function in LISTED
    definition = definition_of(function)
    return definition is not None and any(is_listed(c.function) for c in calls(definition))


def units_apart(exact: float, by_hand: Sequence[float], rounding: Rounding) -> float:
    """By how many units of its last digit an answer by hand may differ from the exact one: at least
    1, and ∞ where the figures given are too short to tell."""
    if not math.isfinite(exact):
        return 1.0 if all(str(other) == str(exact) for other in by_hand) else math.inf
    answer, unit = read_figure(rounding.figure(exact)), rounding.unit(exact)
    farthest = max(abs(other - answer) for other in by_hand)
    written = max(abs(read_figure(rounding.figure(other)) - answer) for other in by_hand)
    if unit == 0 or not math.isfinite(farthest):
        return 1.0 if farthest <= RESIDUE else math.inf
    # What is halfway between two figures may be rounded either way.
    halfway = math.floor(farthest / unit + 0.5 + 1e-6)
    return float(max(1, halfway, math.ceil(written / unit - 1e-6)))


def function_list(
    needed: Sequence[FunctionValue], rounding: Rounding, seed: int
) -> Iterator[tuple[str, str]]:
    """The list of function values, sorted: σ(−0.450) and 0.389.

    It has as many entries again that are not needed, drawn by `seed`, so that one must compute the
    argument to know which entry to take.
    """
    random, entries = np.random.default_rng(seed), dict.fromkeys(needed)
    for entry in needed:
        near = read_figure(entry.argument) * random.uniform(0.5, 1.5)
        other = replace(entry, argument=rounding.figure(near))
        if math.isfinite(other.value):
            entries[other] = None
    functions = list(dict.fromkeys(entry.function for entry in needed))
    for entry in sorted(
        entries, key=lambda e: (functions.index(e.function), read_figure(e.argument))
    ):
        call = Call(entry.function, (Name(entry.argument),))
        yield text(call), rounding.figure(entry.value)
