"""What stands on a worksheet: numbers given, values of functions, blanks, and their answers.

The answers are the run's own numbers; a `pencil` that has but the printed ones comes close to them,
and how close is told. Which sheets there are, `sheets` knows, and how one looks, `worksheet`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backprop_tui.exports.pencil import Lookup, Pencil, apart
from backprop_tui.exports.rounding import Rounding, read
from backprop_tui.maths.expressions import SCALARS, names
from backprop_tui.model.experiment import Array
from backprop_tui.model.program import Step
from backprop_tui.run.timeline import Iteration, Timeline

SHAKY = 9
"""Units by which a last digit may differ before it says nothing."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its run, and what of the first iteration is asked for."""

    timeline: Timeline
    blanks: tuple[Step, ...]
    rounding: Rounding
    command: str = ""
    """What opens its run in the stepper."""

    @cached_property
    def iteration(self) -> Iteration:
        return self.timeline.iteration(1)

    def answer(self, step: Step) -> Array:
        return self.iteration.results[self.timeline.program.index(step.symbol)]

    @cached_property
    def given(self) -> dict[str, Array]:
        """What the formulas of the blanks read and no blank gives, in order of the iteration."""
        positions, began = self.timeline.program.positions, self.iteration.given
        read = [(step, symbol) for step in self.blanks for symbol in names(step.expression)]
        made = {s for step, s in read if positions.get(s, math.inf) < positions[step.symbol]}
        made -= {step.symbol for step in self.blanks}
        first = {s for step, s in read if positions.get(s, math.inf) >= positions[step.symbol]}
        return {
            **{symbol: matrix for symbol, matrix in began.items() if symbol in first},
            **{s.symbol: self.answer(s) for s in self.timeline.program.steps if s.symbol in made},
        }

    @cached_property
    def scalars(self) -> dict[str, float]:
        """The single numbers among what the formulas read: α, m, ..."""
        read = dict.fromkeys(s for step in self.blanks for s in names(step.expression))
        return {s: self.iteration.scalars[s] for s in read if s in SCALARS}

    @cached_property
    def printed(self) -> dict[str, list[tuple[str, ...]]]:
        """What is given, as it is printed."""
        return {symbol: self.rounding.figures(matrix) for symbol, matrix in self.given.items()}

    def figures(self, step: Step) -> list[tuple[str, ...]]:
        """The answers, as they are asked for."""
        return [tuple(map(self.rounding.figure, row)) for row in self.answer(step).tolist()]

    # What a pencil makes of it -------------------------------------------------------------------

    @cached_property
    def _pencils(self) -> tuple[tuple[Pencil, dict[str, Array]], ...]:
        """Who goes on with rounded answers, and who keeps all digits; and their answers."""
        known = {
            symbol: np.array([[read(figure) for figure in row] for row in rows])
            for symbol, rows in self.printed.items()
        }
        pencils = [Pencil(self.rounding, known | self.scalars, keeps) for keeps in (False, True)]
        return tuple((pencil, pencil.answers(self.blanks)) for pencil in pencils)

    @cached_property
    def lookups(self) -> tuple[Lookup, ...]:
        """The values of functions that are needed."""
        return tuple(
            dict.fromkeys(lookup for pencil, _ in self._pencils for lookup in pencil.lookups)
        )

    @cached_property
    def apart(self) -> dict[str, list[list[float]]]:
        """By how many units of the last digit each answer may differ, got from printed figures."""
        return {
            step.symbol: [
                [
                    apart(number, others, self.rounding)
                    for number, *others in zip(*rows, strict=True)
                ]
                for rows in zip(*(matrix.tolist() for matrix in self._all(step)), strict=True)
            ]
            for step in self.blanks
        }

    def _all(self, step: Step) -> tuple[Array, ...]:
        """The answer, and those of the pencils."""
        return self.answer(step), *(found[step.symbol] for _, found in self._pencils)

    @cached_property
    def farthest(self) -> dict[str, float]:
        """The symbols whose last digit may differ by more than one, and by how many units."""
        most = {symbol: max(map(max, rows)) for symbol, rows in self.apart.items()}
        return {symbol: units for symbol, units in most.items() if units > 1}

    def tolerances(self, step: Step) -> list[tuple[str, ...]]:
        """How far from each answer counts as right: one in the last digit, or what it takes."""
        rows = zip(self.answer(step).tolist(), self.apart[step.symbol], strict=True)
        return [tuple(map(self._tolerance, *row)) for row in rows]

    def _tolerance(self, number: float, units: float) -> str:
        if not math.isfinite(number):
            return "0"
        return f"{max(1, units) * self.rounding.unit(number):.12g}"

    # How hard it is -----------------------------------------------------------------------------

    @cached_property
    def unsuited(self) -> tuple[tuple[str, float], ...]:
        """The numbers that do not suit a pencil, of those that the run computes."""
        computed = self.timeline.program.positions.keys() & self.given.keys()
        matrices = {s: self.given[s] for s in self.given if s in computed}
        matrices |= {step.symbol: self.answer(step) for step in self.blanks}
        return tuple(
            (symbol, number)
            for symbol, matrix in matrices.items()
            for number in matrix.ravel().tolist()
            if not self.rounding.suits(number)
        )

    @cached_property
    def strain(self) -> tuple[int, float]:
        """How many numbers do not suit or are shaky, and how far off the farthest answer may be."""
        return len(self.unsuited) + self.shaky, max(self.farthest.values(), default=1.0)

    @property
    def shaky(self) -> int:
        """How many answers have a last digit that says nothing."""
        return sum(u > SHAKY for rows in self.apart.values() for row in rows for u in row)

    @property
    def is_kind(self) -> bool:
        return not self.unsuited and not self.farthest

    @property
    def difficulty(self) -> str:
        """What is hardest about it."""
        if self.unsuited:
            symbol, number = max(self.unsuited, key=lambda found: abs(_power(found[1])))
            return f"{symbol} has {self.rounding.in_digits.figure(number)}"
        symbol, units = max(self.farthest.items(), key=lambda found: found[1])
        return f"in {symbol} the last digit may differ by {units:g}"


def _power(number: float) -> float:
    return math.log10(abs(number)) if number and math.isfinite(number) else math.inf
