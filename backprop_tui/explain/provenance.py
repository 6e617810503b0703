"""Provenance: which numbers each number of a run is computed from, and which are computed from it.

A parameter's cell belongs to the iteration that computed it: W1 as iteration k reads it is of
iteration k − 1, or of iteration 0 where it is the initial value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backprop_tui.maths.elements import Reach, element, reach
from backprop_tui.maths.expressions import Cell, Expr, cells
from backprop_tui.maths.numbers import signed, significant
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import folded, text
from backprop_tui.model.architecture import Step
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Timeline


@dataclass(frozen=True)
class Place:
    """One number of a run: a cell, in the iteration that computed it (0: before the first)."""

    iteration: int
    cell: Cell

    @property
    def symbol(self) -> str:
        """The symbol of its matrix."""
        return self.cell.symbol


MOST_TERMS = 60
"""The most terms of a sum that are explained one by one; of a longer one, the first and last."""


class Provenance:
    """Where the numbers of a run come from. Iterations are computed as they are needed."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.program = timeline.program

    def step_of(self, place: Place) -> Step | None:
        """The step that computed the number; None for what is given: data, initial values, edited
        numbers."""
        at = self.program.positions.get(place.symbol)
        if at is None or place.iteration == 0 or self.edit_of(place):
            return None
        return self.program.steps[at]

    def edit_of(self, place: Place) -> Edit | None:
        """The edit that set the number; None where none did."""
        timeline = self.timeline
        if not timeline.experiment.edits:
            return None
        if place.symbol in self.program.data:
            return timeline.history.last_edit(place.cell, place.iteration)
        if place.symbol not in self.program.parameters:
            return None
        begins = self.earliest(place).iteration + 1
        edit = timeline.history.last_edit(place.cell, begins)
        if edit is None or edit.iteration < begins:
            return None
        return None if begins > 1 and timeline.diverged(begins - 1) else edit

    def unedited(self, edit: Edit) -> float:
        """The number before that edit."""
        before = self.timeline.history.setting(edit.iteration - 1)
        if not isinstance(edit.of, Cell):
            return before.training.learning_rate
        symbol, place = edit.of.symbol, (edit.of.row - 1, edit.of.column - 1)
        if symbol in self.program.data:
            matrix = before.data.by_symbol[symbol]
            place = before.data.place_of(edit.of, before.examples_of(edit.iteration))
        elif edit.iteration == 1:
            matrix = before.parameters()[symbol]
        else:
            done = self.timeline.iteration(edit.iteration - 1)
            at = self.program.positions.get(symbol)
            matrix = done.given[symbol] if at is None else done.results[at]
        return float(matrix[place])

    def is_parameter(self, symbol: str) -> bool:
        """Whether one iteration hands it to the next: a parameter or a running mean."""
        return symbol in self.program.kept

    def read_in(self, iteration: int, cell: Cell, step: Step | None = None) -> Place:
        """The place of a cell as `step` of an iteration reads it; None: before any update."""
        made = iteration
        if self.is_parameter(cell.symbol) and not self.is_updated(cell.symbol, step):
            made -= 1
        return self.earliest(Place(made, cell))

    def is_updated(self, symbol: str, step: Step | None) -> bool:
        """Whether `step` comes after the update of a parameter; None: before any update."""
        positions = self.program.positions
        return step is not None and positions.get(symbol, len(positions)) < positions[step.symbol]

    def earliest(self, place: Place) -> Place:
        """The place itself; of a frozen parameter, the place where its value was set."""
        if not self.is_parameter(place.symbol) or place.symbol in self.program.positions:
            return place
        edit = self.timeline.history.last_edit(place.cell, place.iteration + 1)
        return Place(edit.iteration - 1 if edit else 0, place.cell)

    def number(self, place: Place) -> float:
        """The recorded number at a place."""
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
        """The value of each symbol as `step` of an iteration reads it; None: before any update."""
        done = self.timeline.iteration(iteration)
        updates, _ = self.program.phase_bounds("update")
        before = updates if step is None else max(updates, self.program.index(step.symbol))
        computed = self.program.by_symbol(done.results[:before])
        if step is not None:  # a gradient that is accumulated reads its own last value
            computed.pop(step.symbol, None)
        return {**done.scalars, **done.given, **computed}

    def shapes(self, iteration: int) -> Mapping[str, Shape]:
        """The shape of each symbol in the batch of an iteration."""
        examples = len(self.timeline.iteration(max(1, iteration)).examples)
        return self.program.shapes(examples)

    def expansion(
        self, place: Place, *, taught: bool = False, most: int | None = None
    ) -> Expr | None:
        """The number as an expression over the cells that it reads; None for what is given.

        It is as evaluated, or as `taught`; sums of more than `most` terms are shortened.
        """
        step = self.step_of(place)
        if step is None:
            return None
        expression = step.expression if taught else self.program.lowered_of(step)
        cell, shapes = place.cell, self.shapes(place.iteration)
        return element(expression, cell.row, cell.column, shapes, most)

    def terms(self, place: Place) -> tuple[Place, ...]:
        """The numbers that this one reads as its step is taught; of a very long sum not all."""
        return self._read(place, self.expansion(place, taught=True, most=MOST_TERMS))

    def reads(self, place: Place) -> tuple[Place, ...]:
        """The numbers that this one is computed from, as it is evaluated, in order of reading."""
        return self._read(place, self.expansion(place))

    def sources(self, place: Place) -> tuple[Place, ...]:
        """The numbers that enter leads to: its terms, then what its chain rule alone reads."""
        step, terms = self.step_of(place), self.terms(place)
        if step is None or step.derivation is None:
            return terms
        cell, shapes = place.cell, self.shapes(place.iteration)
        chain = element(step.derivation, cell.row, cell.column, shapes, MOST_TERMS)
        alone = self.program.by_chain_rule_alone
        return (*terms, *(p for p in self._read(place, chain) if alone(p.symbol, step)))

    def _read(self, place: Place, expansion: Expr | None) -> tuple[Place, ...]:
        step, found = self.step_of(place), cells(expansion) if expansion else ()
        return tuple(self.read_in(place.iteration, cell, step) for cell in found)

    def is_read_by(self, place: Place, reader: Place) -> bool:
        """Whether `reader` reads `place`, as its step is taught; its sum is not expanded."""
        step = self.step_of(reader)
        if step is None or place != self.read_in(reader.iteration, place.cell, step):
            return False
        found = reach(step.expression, place.cell, self.shapes(reader.iteration))
        row, column = reader.cell.row, reader.cell.column
        return any(i in (None, row) and j in (None, column) for i, j in found)

    def used_by(self, place: Place) -> tuple[tuple[int, str, Reach], ...]:
        """What reads the number, as written, as evaluated or by the chain rule alone: iteration,
        symbol, and which of its elements.

        A parameter is read in the iteration after the one that computed it.
        """
        return tuple(
            (iteration, self.program.steps[i].symbol, found)
            for i, iteration in self._readers(place)
            for found in self._reached(i, iteration, place.cell)
        )

    def used_in(self, place: Place, most: int = 4) -> tuple[str, ...]:
        """The cells that read the number next, by name; of more than `most` in one matrix the first
        and the last. A later iteration is named before its first cell, the chain rule behind each
        that reads it by that alone."""
        found: dict[str, None] = {}
        for iteration, symbol, at in self.used_by(place):
            ahead = f"iteration {iteration}: " if iteration > max(1, place.iteration) else ""
            step = self.program.steps[self.program.index(symbol)]
            chain = self.program.by_chain_rule_alone(place.symbol, step)
            behind = " (chain rule)" if chain else ""
            for name in _spelled(symbol, at, self.shapes(iteration), most):
                found[f"{ahead if not found else ''}{name}{behind}"] = None
        return tuple(found)

    def _readers(self, place: Place) -> Iterator[tuple[int, int]]:
        """The steps that read a place, each with its iteration, the earlier iteration first."""
        found = self.program.readers.get(place.symbol, ())
        if not self.is_parameter(place.symbol):
            yield from ((i, place.iteration) for i in found)
            return
        own = self.program.positions.get(place.symbol, len(self.program.steps))
        if place.iteration and not self.edit_of(place):  # an edited one holds from the next on
            yield from ((i, place.iteration) for i in found if i > own)
        yield from ((i, place.iteration + 1) for i in found if i <= own)

    def _reached(self, i: int, iteration: int, cell: Cell) -> list[Reach]:
        """The elements of a step that read a cell; none after the end of a run that diverged."""
        if self.timeline.iteration(iteration).number < iteration:
            return []
        shapes, step = self.shapes(iteration), self.program.steps[i]
        forms = {step.expression, self.program.lowered[i]}
        if self.program.by_chain_rule_alone(cell.symbol, step):
            forms = {step.derivation or step.expression}
        every = frozenset[Reach]().union(*(reach(e, cell, shapes) for e in forms))
        # What lies in a row, a column or a matrix that all reads the cell is told with that.
        whole = {(i, j): {(None, j), (i, None), (None, None)} - {(i, j)} for i, j in every}
        return sorted((one for one in every if whole[one].isdisjoint(every)), key=_order)

    def history(self, place: Place, most: int = 3) -> tuple[tuple[int, float], ...]:
        """A parameter's initial value and those after the last updates, each with its iteration."""
        last = range(max(1, place.iteration - most + 1), place.iteration + 1)
        return tuple((k, self.number(Place(k, place.cell))) for k in (0, *last))

    def given(self, place: Place) -> str:
        """How a number was set that no step computed, in words."""
        experiment = self.timeline.experiment
        initial = experiment.initial
        if edit := self.edit_of(place):
            was, now = significant(self.unedited(edit)), significant(edit.value)
            return f"edited: was {was}, set to {now} in iteration {edit.iteration:,}"
        if place.symbol in self.program.cached:
            return "given in the file, not computed"
        if place.symbol in self.program.data:
            is_input = self.program.roles[place.symbol].kind == "input"
            if place.symbol not in experiment.data.per_example:  # one matrix, whatever the example
                return f"{'input' if is_input else 'target'}, from the data"
            entry, k = self.program.architecture.place(place.cell.row, place.cell.column)
            example = self.timeline.iteration(place.iteration).examples[k - 1] + 1
            what = "input" if is_input else "target of output"
            return f"{what} {entry} of example {example}, from the data"
        if place.symbol in initial.given:
            return "initial value, set in the experiment file"
        role = self.program.roles[place.symbol]
        if role.kind == "gradient":
            return "initial value: no gradient is accumulated yet"
        if role.kind == "mean":
            return f"initial value: {role.mean} starts at zero"
        if role.part == "bias":
            return "initial value: biases start at zero"
        if initial.scheme == "zeros":
            return "initial value: every weight starts at zero"
        decimals = f"{initial.round} decimal{'' if initial.round == 1 else 's'}"
        rounded = f", rounded to {decimals}" if initial.round is not None else ""
        return f"initial value, drawn at random ({initial.scheme}, seed {initial.seed}{rounded})"

    def origin(self, place: Place) -> tuple[Place, str] | None:
        """The first number that is not finite behind one that is not, and how it arose, in words.

        None for a finite number.
        """
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
        """A2[1,1] is exactly 1, so log(1 − A2[1,1]) is −∞; the place reads finite numbers."""
        expansion = self.expansion(place)
        if expansion is None:
            return f"{text(place.cell)} was set to this value"
        env = self.environment(place.iteration, self.step_of(place))

        def spoilt(e: Expr) -> bool:
            return not np.isfinite(value(e, env))

        # Down to the innermost part that is not finite: 0·log 0 and 1/∞ are finite.
        part = expansion
        while inner := next(filter(spoilt, part.parts), None):
            part = inner
        facts = " and ".join(
            f"{text(c)} is {exactly(float(value(c, env)))}" for c in cells(part)[:2]
        )
        return f"{facts}, so {folded(part, 4)} is {exactly(float(value(part, env)))}"


def exactly(number: float) -> str:
    """A number in a sentence: exactly 1, 1.8e308, ∞."""
    whole = abs(number) < 1e6 and number == int(number)
    return signed(f"exactly {int(number)}") if whole else significant(number, 3)


def _order(found: Reach) -> tuple[int, int]:
    return found[0] or 0, found[1] or 0


def _spelled(symbol: str, at: Reach, shapes: Mapping[str, Shape], most: int) -> list[str]:
    """The names of those elements of a matrix; of more than `most` one name, first to last."""
    size = shapes[symbol]
    rows = [at[0]] if at[0] else range(1, size[0] + 1)
    columns = [at[1]] if at[1] else range(1, size[1] + 1)
    if len(rows) * len(columns) > most:
        return [f"{symbol}[{rows[0]},{columns[0]}]…[{rows[-1]},{columns[-1]}]"]
    return [f"{symbol}[{i},{j}]" for i in rows for j in columns]
