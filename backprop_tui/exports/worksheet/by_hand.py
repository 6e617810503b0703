"""What a careful pencil gets from the figures on a sheet, and which values of functions it needs.

A pencil has the given numbers as they are printed, and takes σ, log and the like from a list, at
printed arguments, as printed values. So its answers are not the run's to the last digit: how far
they may lie apart is computed here, by the very expressions of the steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from backprop_tui.exports.rounding import DUST, Rounding, read
from backprop_tui.maths.elements import gathers
from backprop_tui.maths.expressions import (
    Call,
    Expr,
    Mul,
    Name,
    as_expr,
    is_loss_term,
    rebuild,
    walk,
)
from backprop_tui.maths.functions import DEFINITIONS, PRIMITIVES, expand
from backprop_tui.maths.values import value
from backprop_tui.model.experiment import Array
from backprop_tui.model.program import Step

TABLED = frozenset({"exp", "log", "sqrt"})
"""Functions that need a table. No power does: β to the power of t is β, in the first iteration."""
HALF = 0.5 + 1e-6
"""What is halfway between two figures may be rounded either way."""


@cache
def needs_a_table(function: str) -> bool:
    """Whether a function takes more than a pencil: exp, log, and what is defined by them."""
    if function in PRIMITIVES:
        return function in TABLED
    calls = (part for part in walk(DEFINITIONS[function]) if isinstance(part, Call))
    return any(needs_a_table(call.function) for call in calls)


@dataclass(frozen=True)
class Lookup:
    """What is looked up in the list: a function, at an argument as it is printed."""

    function: str
    argument: str

    @property
    def value(self) -> float:
        """In full, however the list rounds it."""
        return float(value(Call(self.function, (as_expr(read(self.argument)),)), {}))


@dataclass
class Pencil:
    """Works steps out from what is known at first: printed numbers, and α, m, ... in full."""

    rounding: Rounding
    known: dict[str, Any]
    keeps_digits: bool
    """Whether it goes on with all digits of its answers, or with those that it writes down."""
    lookups: dict[Lookup, None] = field(default_factory=dict)

    def answers(self, steps: Sequence[Step]) -> dict[str, Array]:
        """What each step comes to, with all digits."""
        found = {}
        for step in steps:
            answer = found[step.symbol] = np.asarray(self._value(step.expression))
            self.known[step.symbol] = answer if self.keeps_digits else self._written(answer)
        return found

    def _written(self, answer: Array) -> Array:
        numbers = [read(self.rounding.figure(number)) for number in answer.ravel().tolist()]
        return np.reshape(numbers, answer.shape)

    def _value(self, e: Expr) -> Any:
        return value(self._looked_up(e), self.known)

    def _looked_up(self, e: Expr) -> Expr:
        """The expression with names, which hold what is looked up, for functions of the list."""
        match e:
            case Mul(x, Call("log") as log) if is_loss_term(e):
                # 0·log(a) is 0: nobody looks it up.
                return Mul(self._looked_up(x), self._held(log, self._value(x) != 0))
            case Call(function) if needs_a_table(function) and not gathers(function):
                return self._held(e)
            case Call(function) if function in DEFINITIONS:
                return self._looked_up(expand(e))
            case _:
                return rebuild(e, self._looked_up)

    def _held(self, call: Call, needed: Any = True) -> Name:
        arguments, needed = np.broadcast_arrays(self._value(call.args[0]), needed)
        values = [
            self._look_up(call.function, argument) if is_needed else 0.0
            for argument, is_needed in zip(arguments.flat, needed.flat, strict=True)
        ]
        name = Name(f"list {len(self.known)}")
        self.known[name.symbol] = np.reshape(values, arguments.shape)
        return name

    def _look_up(self, function: str, argument: float) -> float:
        lookup = Lookup(function, self.rounding.legible(argument))
        self.lookups[lookup] = None
        return read(self.rounding.legible(lookup.value))


def apart(answer: float, found: Sequence[float], rounding: Rounding) -> float:
    """By how many units of its last digit an answer may differ from what pencils wrote down; ∞
    where their figures were too short to tell."""
    if not math.isfinite(answer):
        return 0.0 if all(str(other) == str(answer) for other in found) else math.inf
    figure, unit = read(rounding.figure(answer)), rounding.unit(answer)
    farthest = max(abs(other - figure) for other in found)
    if unit == 0 or not math.isfinite(farthest):
        return 0.0 if farthest <= DUST else math.inf
    # Written in digits, −0.997 lies 3.3 units of −1.03 from it: four count as right.
    written = max(abs(read(rounding.figure(other)) - figure) for other in found)
    return float(max(math.floor(farthest / unit + HALF), math.ceil(written / unit - 1e-6)))
