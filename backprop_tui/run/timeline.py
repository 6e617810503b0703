"""Positions in a run, the moves between them, and what is known at each.

A run is a pure function of its experiment: going back is going somewhere, never undoing. Its
iterations are its history's; a position is a step or an element within one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import Shape
from backprop_tui.model.architecture import Phase, Step
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.program import Program
from backprop_tui.run.history import GIVEN_ONCE, History
from backprop_tui.run.iterations import Iteration


@dataclass(frozen=True, order=True)
class Position:
    """`steps` operations of an iteration (from 1) are done, and `elements` numbers of the next."""

    iteration: int = 1
    steps: int = 0
    elements: int = 0


class State:
    """Everything that is known at a position: an immutable view, and the widgets' only source.

    Where the next step is `announced`, it is the one shown, and nothing of it is known.
    """

    def __init__(
        self, timeline: Timeline, position: Position, iteration: Iteration, announced: bool = False
    ) -> None:
        self.timeline = timeline
        self.position = position
        self.iteration = iteration
        self.announced = announced
        self.program = timeline.program
        self.experiment = timeline.experiment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self._known == other._known

    def __hash__(self) -> int:
        return hash(self._known)

    @property
    def _known(self) -> tuple[int, Position, bool]:
        return id(self.timeline), self.position, self.announced

    @cached_property
    def step(self) -> Step | None:
        """The step shown: the one announced or being opened, else the last one done; None before
        the first."""
        return self.program.steps[self.number - 1] if self.number else None

    @property
    def next_step(self) -> Step | None:
        """The step that the next key takes; None after the last of the iteration."""
        steps = self.program.steps
        return steps[self.position.steps] if self.position.steps < len(steps) else None

    @cached_property
    def number(self) -> int:
        """The number of the step shown, from 1; 0 before the first."""
        ahead = self.announced or self.position.elements
        return self.position.steps + (1 if ahead else 0)

    @cached_property
    def phase(self) -> Phase:
        return self.step.phase if self.step else self.program.steps[0].phase

    def done(self, symbol: str) -> bool:
        """Whether the step that writes `symbol` is done in this iteration."""
        at = self.program.positions.get(symbol)
        return at is not None and at < self.position.steps

    def value(self, symbol: str) -> Array | None:
        """What `symbol` holds now: None where it is not computed yet; while its step is open, the
        elements still to come are masked (see `revealed`)."""
        if self.done(symbol):
            if symbol in self.iteration.parameters:  # as the next iteration begins with it
                return self.iteration.parameters[symbol]
            return self.result(symbol)
        if symbol in self.iteration.given:
            return self.iteration.given[symbol]
        return self.result(symbol) if self.opening(symbol) else None

    def before(self, symbol: str) -> Array:
        """What a parameter, X or Y was when the iteration began. Raises KeyError for others."""
        return self.iteration.given[symbol]

    def result(self, symbol: str) -> Array:
        """What the step of `symbol` gives in this iteration, done or not. Raises KeyError."""
        return self.iteration.results[self.program.positions[symbol]]

    def opening(self, symbol: str) -> bool:
        """Whether `symbol` is being computed one element at a time just now."""
        at = self.program.positions.get(symbol)
        return bool(self.position.elements) and at == self.position.steps

    def revealed(self, symbol: str) -> int | None:
        """How many elements of `symbol`, row by row, are known; None for all of what it has."""
        return self.position.elements if self.opening(symbol) else None

    def stale(self, symbol: str) -> bool:
        """Whether `symbol` belongs to parameters that an update has since replaced."""
        at = self.program.positions.get(symbol)
        if at is None or not self.done(symbol) or self.program.steps[at].phase == "update":
            return False
        _, behind = self.program.phase_bounds("backward")
        return self.position.steps > behind

    @property
    def examples(self) -> int:
        return len(self.iteration.examples)

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return self.program.shapes(self.examples)


class Timeline:
    """A run of an experiment, and the positions in it. Every method is a pure function."""

    def __init__(self, experiment: Experiment, history: History | None = None) -> None:
        """`history` is that of the experiment, where there is one already."""
        self.history = history or History(experiment)
        self.start = Position()

    @property
    def experiment(self) -> Experiment:
        return self.history.experiment

    @property
    def program(self) -> Program:
        return self.history.program

    def iteration(self, number: int) -> Iteration:
        """The iteration of that number, or the one before it in which the run diverges."""
        return self.history.iteration(number)

    def retold(self, experiment: Experiment) -> Timeline:
        """The run of another experiment, which takes over what its edits leave as it was."""
        return Timeline(experiment, self.history.retold(experiment))

    def state(self, position: Position) -> State:
        """All that is known at `position`."""
        return State(self, position, self.iteration(position.iteration))

    def announced(self, position: Position) -> State:
        """The same, with the step that comes next announced; there must be one."""
        return State(self, position, self.iteration(position.iteration), announced=True)

    # Where keys lead

    def forward(self, position: Position) -> Position:
        """One operation on; an open one is finished. The end of the run stays."""
        if position.steps < len(self.program.steps):
            return Position(position.iteration, position.steps + 1)
        if self.ends(position.iteration):
            return position
        return Position(position.iteration + 1, 1)

    def back(self, position: Position) -> Position:
        """One operation back, or one element while an operation is open; the start stays."""
        if position.elements:
            return replace(position, elements=position.elements - 1)
        if position.steps > (0 if position.iteration == 1 else 1):
            return Position(position.iteration, position.steps - 1)
        return self.end_of(position.iteration - 1) if position.iteration > 1 else self.start

    def into(self, position: Position) -> Position:
        """One element of the next operation on; after its last one, the whole step."""
        if position.steps == len(self.program.steps):
            if self.ends(position.iteration):
                return position
            position = Position(position.iteration + 1, 0)
        shown = position.elements + 1
        size = self.iteration(position.iteration).results[position.steps].size
        return self.forward(position) if shown >= size else replace(position, elements=shown)

    def out(self, position: Position) -> Position:
        """The open operation finished; elsewhere `position` itself."""
        return self.forward(position) if position.elements else position

    def phase_end(self, position: Position) -> Position:
        """The last step of this phase, or of the next one when already there."""
        ahead = self.forward(position)
        if ahead == position:
            return position
        _, behind = self.program.phase_bounds(self.program.steps[ahead.steps - 1].phase)
        return Position(ahead.iteration, behind)

    def phase_start(self, position: Position) -> Position:
        """Before the first step of this phase, or of the one before when already there."""
        if position.elements:
            return replace(position, elements=0)
        if position.steps == 0:
            if position.iteration == 1:
                return position
            position = self.end_of(position.iteration - 1)
        first, _ = self.program.phase_bounds(self.program.steps[position.steps - 1].phase)
        return Position(position.iteration, first)

    def later(self, position: Position) -> Position:
        """The same step one iteration later."""
        if self.ends(position.iteration):
            return self.end_of(position.iteration)
        return self._fitted(replace(position, iteration=position.iteration + 1))

    def earlier(self, position: Position) -> Position:
        """The same step one iteration earlier; in the first one, the start."""
        if position.iteration == 1:
            return self.start
        return self._fitted(replace(position, iteration=position.iteration - 1))

    def _fitted(self, position: Position) -> Position:
        """`position`, with no more elements open than its batch leaves: batches differ in size."""
        if not position.elements:
            return position
        size = self.iteration(position.iteration).results[position.steps].size
        return replace(position, elements=min(position.elements, size - 1))

    def end_of(self, iteration: int) -> Position:
        """After the last step of an iteration."""
        return Position(iteration, len(self.program.steps))

    def ends(self, iteration: int) -> bool:
        """Whether the run has no iteration after that one: it diverged, or values are given."""
        return bool(self.program.cached or self.diverged(iteration))

    def end(self, last: int) -> str:
        """Why that iteration is the last one of the run."""
        return GIVEN_ONCE if self.program.cached else f"the run diverges in iteration {last:,}"

    def diverged(self, iteration: int) -> str | None:
        """The first parameter that is no longer finite after that iteration, None while all are."""
        return self.iteration(iteration).diverged


__all__ = ["Iteration", "Position", "State", "Timeline"]
