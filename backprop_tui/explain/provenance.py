"""Where a number comes from and where it goes: cells in time, what each reads, what reads it.

Both directions are read off the expressions as they are computed. A parameter's cell belongs to
the iteration that made it: W1 as iteration k reads it was made in k − 1, or is where it began (0).
It knows no screen, and rounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_tui.maths.elements import Reach, element, reach
from backprop_tui.maths.expressions import Cell, Expr, cells, children
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import folded, text
from backprop_tui.model.experiment import Edit
from backprop_tui.model.program import Step
from backprop_tui.run.edits import said
from backprop_tui.run.timeline import Timeline


@dataclass(frozen=True)
class Place:
    """One number of the run: a cell in the iteration that made it (0: before the first)."""

    iteration: int
    cell: Cell

    @property
    def symbol(self) -> str:
        return self.cell.symbol


LONGEST = 60
"""Terms of a sum that are explained one by one; of a longer one the first and the last."""


class Provenance:
    """Asks a timeline where its numbers come from. Iterations are replayed as they are needed."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.program = timeline.program

    def step_of(self, place: Place) -> Step | None:
        """The step that made the number; None for what was given: X, Y, a parameter's beginning,
        an edited number."""
        at = self.program.positions.get(place.symbol)
        if at is None or place.iteration == 0 or self.edit_of(place):
            return None
        return self.program.steps[at]

    def edit_of(self, place: Place) -> Edit | None:
        """The edit that gave the number, if one did."""
        timeline = self.timeline
        if not timeline.experiment.edits:
            return None
        if place.symbol in ("X", "Y"):
            return timeline.history.last_edit(place.cell, place.iteration)
        if place.symbol not in self.program.parameters:
            return None
        begins = self.earliest(place).iteration + 1
        edit = timeline.history.last_edit(place.cell, begins)
        if edit is None or edit.iteration < begins:
            return None
        return None if begins > 1 and timeline.diverged(begins - 1) else edit

    def unedited(self, edit: Edit) -> float:
        """What the number was that was edited."""
        before = self.timeline.history.setting(edit.iteration - 1)
        if not isinstance(edit.of, Cell):
            return before.training.learning_rate
        symbol, row, column = edit.of.symbol, edit.of.row - 1, edit.of.column - 1
        if symbol in ("X", "Y"):
            matrix = before.data.X if symbol == "X" else before.data.Y
            column = int(before.examples_of(edit.iteration)[column])
        elif edit.iteration == 1:
            matrix = before.parameters()[symbol]
        else:
            done = self.timeline.iteration(edit.iteration - 1)
            at = self.program.positions.get(symbol)
            matrix = done.given[symbol] if at is None else done.results[at]
        return float(matrix[row, column])

    def is_parameter(self, symbol: str) -> bool:
        """Whether it is handed from one iteration to the next: a parameter, a running mean."""
        return symbol in self.program.kept

    def read_in(self, iteration: int, cell: Cell, step: Step | None = None) -> Place:
        """The place of a cell as `step` of that iteration reads it: before any update, if None."""
        made = iteration
        if self.is_parameter(cell.symbol) and not self._updated_before(cell.symbol, step):
            made -= 1
        return self.earliest(Place(made, cell))

    def _updated_before(self, symbol: str, step: Step | None) -> bool:
        positions = self.program.positions
        return step is not None and positions.get(symbol, len(positions)) < positions[step.symbol]

    def earliest(self, place: Place) -> Place:
        """A frozen parameter is the one that it began as or was edited to, in every iteration."""
        if not self.is_parameter(place.symbol) or place.symbol in self.program.positions:
            return place
        edit = self.timeline.history.last_edit(place.cell, place.iteration + 1)
        return Place(edit.iteration - 1 if edit else 0, place.cell)

    def number(self, place: Place) -> float:
        """The recorded number."""
        row, column = place.cell.row - 1, place.cell.column - 1
        if self.is_parameter(place.symbol):
            if place.iteration == 0:
                return float(self.timeline.iteration(1).given[place.symbol][row, column])
            made = self.timeline.iteration(place.iteration).parameters
            return float(made[place.symbol][row, column])
        if (step := self.step_of(place)) is not None:
            results = self.timeline.iteration(place.iteration).results
            return float(results[self.program.index(step.symbol)][row, column])
        return float(self.timeline.iteration(place.iteration).given[place.symbol][row, column])

    @lru_cache(maxsize=8)  # noqa: B019 (as long as its run)
    def environment(self, iteration: int, step: Step | None = None) -> Mapping[str, Any]:
        """What each symbol of an iteration holds as `step` reads it: before any update, if None."""
        done = self.timeline.iteration(iteration)
        updates, _ = self.program.phase_bounds("update")
        before = updates if step is None else max(updates, self.program.index(step.symbol))
        steps = self.program.steps[:before]
        computed = {s.symbol: r for s, r in zip(steps, done.results, strict=False)}
        return {**done.scalars, **done.given, **computed}

    def shapes(self, iteration: int) -> Mapping[str, tuple[int, ...]]:
        examples = len(self.timeline.iteration(max(1, iteration)).examples)
        return self.program.shapes(examples)

    def expansion(self, place: Place, *, taught: bool = False) -> Expr | None:
        """The number as scalar terms over the cells it reads; None for what was given."""
        step = self.step_of(place)
        if step is None:
            return None
        expression = step.expression if taught else self.program.lowered_of(step)
        cell = place.cell
        return element(expression, cell.row, cell.column, self.shapes(place.iteration))

    def terms(self, place: Place) -> tuple[Place, ...]:
        """The numbers in this one's terms, as its step is taught; of a very long sum not all."""
        step = self.step_of(place)
        if step is None:
            return ()
        at, shapes = place.cell, self.shapes(place.iteration)
        return self._places(
            place, step, element(step.expression, at.row, at.column, shapes, LONGEST)
        )

    def reads(self, place: Place) -> tuple[Place, ...]:
        """The numbers that this one was computed from, in order of reading."""
        step, expansion = self.step_of(place), self.expansion(place)
        return () if step is None or expansion is None else self._places(place, step, expansion)

    def _places(self, place: Place, step: Step, expansion: Expr) -> tuple[Place, ...]:
        return tuple(self.read_in(place.iteration, cell, step) for cell in cells(expansion))

    def is_read_by(self, place: Place, reader: Place) -> bool:
        """Whether `reader` was computed from `place`, as its step is taught; without expanding."""
        step = self.step_of(reader)
        if step is None or place != self.read_in(reader.iteration, place.cell, step):
            return False
        found = reach(step.expression, place.cell, self.shapes(reader.iteration))
        row, column = reader.cell.row, reader.cell.column
        return any(i in (None, row) and j in (None, column) for i, j in found)

    def used_by(self, place: Place) -> tuple[tuple[int, str, Reach], ...]:
        """What reads the number next: iteration, symbol and which of its elements.

        A parameter is read by the iteration after the one that made it, where there is one.
        """
        return tuple(
            (iteration, self.program.steps[i].symbol, found)
            for i, iteration in self._readers(place)
            for found in self._reached(i, iteration, place.cell)
        )

    def _readers(self, place: Place) -> Iterator[tuple[int, int]]:
        """The steps that read a place, each with the iteration it does so in, the earlier first."""
        found = self.program.readers.get(place.symbol, ())
        if not self.is_parameter(place.symbol):
            yield from ((i, place.iteration) for i in found)
            return
        own = self.program.positions.get(place.symbol, len(self.program.steps))
        if place.iteration and not self.edit_of(place):  # an edited one holds from the next on
            yield from ((i, place.iteration) for i in found if i > own)
        yield from ((i, place.iteration + 1) for i in found if i <= own)

    def _reached(self, i: int, iteration: int, cell: Cell) -> list[Reach]:
        """The elements of a step that read a cell; none behind the end of a run."""
        if self.timeline.iteration(iteration).number < iteration:
            return []
        shapes = self.shapes(iteration)
        return sorted(reach(self.program.lowered[i], cell, shapes), key=_order)

    def history(self, place: Place, most: int = 3) -> tuple[tuple[int, float], ...]:
        """A parameter's value at the start, then after the last updates up to this one."""
        last = range(max(1, place.iteration - most + 1), place.iteration + 1)
        return tuple((k, self.number(Place(k, place.cell))) for k in (0, *last))

    def given(self, place: Place) -> str:
        """How a number that no step made came to be."""
        experiment = self.timeline.experiment
        initial, row, column = experiment.initial, place.cell.row, place.cell.column
        if edit := self.edit_of(place):
            was = said(self.unedited(edit))
            return f"edited: was {was}, set to {said(edit.value)} in iteration {edit.iteration:,}"
        if place.symbol in ("X", "Y"):
            example = self.timeline.iteration(place.iteration).examples[column - 1] + 1
            what = "input" if place.symbol == "X" else "target of output"
            return f"{what} {row} of example {example}: it is given"
        if place.symbol in initial.given:
            return "given by the experiment"
        if place.symbol not in self.program.parameters:
            return "a running mean begins at zero"
        if place.symbol.startswith("b"):
            return "a bias begins at zero"
        if initial.scheme == "zeros":
            return "the experiment begins with every weight at zero"
        decimals = f"{initial.round} decimal{'' if initial.round == 1 else 's'}"
        rounded = f", rounded to {decimals}" if initial.round is not None else ""
        return f"drawn at random ({initial.scheme}, seed {initial.seed}{rounded})"

    def origin(self, place: Place) -> tuple[Place, str] | None:
        """The first cell behind a number that is not finite, and the sentence for how it arose."""
        if np.isfinite(self.number(place)):
            return None
        seen = {place}
        while behind := next((p for p in self.reads(place) if self._spoils(p, seen)), None):
            place = behind
            seen.add(place)
        return place, self.how_it_arose(place)

    def _spoils(self, place: Place, seen: set[Place]) -> bool:
        return place not in seen and not np.isfinite(self.number(place))

    def how_it_arose(self, place: Place) -> str:
        """`A2[1,1] is exactly 1, so log(1 − A2[1,1]) is −∞`, for a place whose reads are finite."""
        expansion = self.expansion(place)
        if expansion is None:
            return f"{text(place.cell)} was given so"
        env = self.environment(place.iteration, self.step_of(place))

        def spoilt(e: Expr) -> bool:
            return not np.isfinite(value(e, env))

        # Down to where it arose. An ∞ that comes to nothing (0·log 0, 1/∞) spoils nothing.
        part = expansion
        while inner := next(filter(spoilt, children(part)), None):
            part = inner
        facts = " and ".join(
            f"{text(c)} is {exactly(float(value(c, env)))}" for c in cells(part)[:2]
        )
        return f"{facts}, so {folded(part, 4)} is {exactly(float(value(part, env)))}"


def exactly(number: float) -> str:
    """A number in a sentence: exactly 1, 1.8e+308, ∞."""
    if np.isnan(number):
        return "NaN"
    if np.isinf(number):
        return "∞" if number > 0 else "−∞"
    if number == int(number) and abs(number) < 1e6:
        return f"exactly {int(number)}".replace("-", "−")
    return f"{number:.4g}".replace("-", "−")


def _order(found: Reach) -> tuple[int, int]:
    return found[0] or 0, found[1] or 0
