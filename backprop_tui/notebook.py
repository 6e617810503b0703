"""The library: runs whose states display themselves in Jupyter, in Rich and in print."""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from backprop_tui.explain.derivation import Derivation, derivation
from backprop_tui.explain.explanation import Explanation, formula, own_cell, shape_line
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.exports.documents.page import Html, element
from backprop_tui.exports.figures import abbreviated, aligned, figure, heading, setting
from backprop_tui.files import experiment_file
from backprop_tui.files.experiment_file import ExperimentError
from backprop_tui.learn.comparing import ArrayComparison, compare
from backprop_tui.maths.expressions import names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import text
from backprop_tui.messages import hint
from backprop_tui.model.architecture import Kind
from backprop_tui.model.experiment import Experiment
from backprop_tui.run import timeline
from backprop_tui.run.timeline import Position

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_COLUMNS = 10
MOST_TERMS = 6
ROWS = 2
"""Lists in each other that a flag is at most: the rows of a matrix."""
BRACKETS = "text-align:right;border:solid currentColor;border-width:0 1px;border-radius:6px"
TOP = "vertical-align:top"


def load(
    source: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None, **changes: Any
) -> Experiment:
    """The experiment that a lesson's name or a file's path stands for, or an ExperimentError.

    `changes` are flags of the command line, with underscores: learning_rate=0.1, layers=[3, 4, 1],
    x=an array with a row for each example. `overrides` has such flags by name.
    """
    given = {**(overrides or {}), **changes}
    return experiment_file.load(source, {flag: _plain(value) for flag, value in given.items()})


def _plain(value: Any, inner: int = ROWS) -> Any:
    """A value as a file has it: lists and numbers of Python. What is `inner` to more lists than
    rows are stays: it is none of any flag, and may hold itself."""
    if isinstance(value, np.ndarray | np.generic):
        is_long = value.dtype == np.longdouble  # Python has no such numbers
        return (value.astype(np.float64) if is_long else value).tolist()
    if inner and isinstance(value, list | tuple):
        return [_plain(part, inner - 1) for part in value]
    return value


def _of(kind: type, given: Any, wanted: str) -> None:
    """Raise TypeError, with what is wanted, where `given` is of another type."""
    if not isinstance(given, kind):
        raise TypeError(f"{wanted}; got {type(given).__name__}")


def _from(move: Callable[[Any, Position], Position]) -> Callable[[Any, Position], Position]:
    """The move from a position that the run has, refused as by `state`."""

    @wraps(move)
    def moved(run: NotebookTimeline, position: Position) -> Position:
        return move(run, run.state(position).position)

    return moved


class NotebookTimeline(timeline.Timeline):
    """A run of an experiment, whose states display themselves."""

    def __init__(self, experiment: Experiment) -> None:
        _of(Experiment, experiment, 'a Timeline is of an experiment, as load("article") gives one')
        super().__init__(experiment)

    def __repr__(self) -> str:
        return f"<Timeline of {self.experiment.name}: {setting(self)}>"

    @property
    def losses(self) -> Array:
        """The loss of each iteration up to the last one that was computed: J, or the L of its one
        example. Element 0 is iteration 1."""
        return self.history.losses(1, max(1, self.history.reached) + 1)

    def state(self, position: Position) -> NotebookState:
        """The state at a position. Raises ValueError where the run has no such position, and
        TypeError for one that is no whole numbers."""
        _of(Position, position, "a position is needed, as Position(1, 8) or run.end_of(100)")
        places = position.iteration, position.steps, position.elements
        at = Position(*map(operator.index, places))  # NumPy's small ones overflow
        iteration, steps = self.iteration(at.iteration), len(self.program.steps)
        if iteration.number < at.iteration:
            raise ValueError(f"there is no iteration {at.iteration}: {self.end(iteration.number)}")
        sizes = [result.size for result in iteration.results] + [1]
        if not (0 <= at.steps <= steps and 0 <= at.elements < sizes[at.steps]):
            fewer = "elements to one fewer than their step has"
            raise ValueError(f"there is no {at}: steps count to {steps}, {fewer}")
        return NotebookState(self, at, iteration)

    def iteration(self, number: int) -> timeline.Iteration:
        """The iteration of that number, or the one before it in which the run diverges."""
        return super().iteration(operator.index(number))

    @cached_property
    def provenance(self) -> Provenance:
        """Where the numbers of this run come from."""
        return Provenance(self)

    def derivation(self, symbol: str, elements: bool = False) -> Derivation:
        """The lines from the chain rule to the formula of a gradient, dZ2, or of its `elements`.

        Raises ValueError for a symbol that has no derivation, with those that have one.
        """
        _of(str, symbol, "the symbol of a gradient is a text, as 'dZ2'")
        return derivation(self.program, symbol, elements=elements)

    def compare(self, arrays: Mapping[str, Any], iteration: int = 1) -> ArrayComparison:
        """Arrays of your own, {"dW1": my_dW1}, beside an iteration of this run.

        X, Y and parameters among them are what the run begins with. Raises ValueError for arrays
        that nothing can be made of.
        """
        _of(Mapping, arrays, 'arrays are compared by their names, as {"dW1": my_dW1}')
        return compare(self.experiment, arrays, operator.index(iteration))


for name in "forward back into out phase_end phase_start later earlier".split():
    setattr(NotebookTimeline, name, _from(getattr(timeline.Timeline, name)))


class NotebookState(timeline.State):
    """The state of a run at a position. It displays its step: formula, one number, matrices."""

    timeline: NotebookTimeline

    @property
    def decimals(self) -> int:
        """The decimals of the figures."""
        return self.experiment.decimals

    def value(self, symbol: str) -> Array | None:
        """The matrix of `symbol`, read-only; while its step is open, the elements still to come are
        masked.

        None where no number of it is computed. Raises ValueError where the run has no such matrix.
        """
        if symbol not in self.shapes:
            raise ValueError(f"there is no {symbol} in this run{hint(symbol, self.shapes)}")
        value, revealed = super().value(symbol), self.revealed(symbol)
        if value is None or revealed is None:
            return value
        to_come = np.arange(value.size).reshape(value.shape) >= revealed
        return np.ma.masked_array(value, to_come)

    def matrices(self) -> dict[str, Array]:
        """Every matrix of which a number is known at this position, by its symbol: X, Y and the
        parameters first, then what the steps have computed, in their order."""
        symbols = {**self.iteration.given, **self.program.positions}
        known = {symbol: self.value(symbol) for symbol in symbols}
        return {symbol: value for symbol, value in known.items() if value is not None}

    @property
    def title(self) -> str:
        """mazur: iteration 1, example 1 of 1, step 9 of 15, backward"""
        at = f"step {self.number} of {len(self.program.steps)}"
        where = heading(self.timeline, self.iteration)
        where = where[0].lower() + where[1:]
        return f"{self.experiment.name}: {where}, {at}, {self.phase}"

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The step in words: its formula, its shapes, one number of it, and the reason for it."""
        if self.step is None:
            return (self.experiment.title,)
        cell = own_cell(self, self.step, 0)
        place, provenance = Place(self.position.iteration, cell), self.timeline.provenance
        if provenance.step_of(place) is None:  # set by hand since
            told = f"{text(cell)}: {provenance.given(place)}"
            return formula(self.step), shape_line(self.step, self.shapes), told
        said = Explanation(provenance, place, self.figure)
        arithmetic = (said.symbols(MOST_TERMS), *said.numbers(MOST_TERMS), said.result)
        return (
            said.formula,
            said.shape_line,
            f"{said.cell} = {' = '.join(dict.fromkeys(arithmetic))}",
            said.reason,
        )

    def figure(self, number: float) -> str:
        """A number, rounded."""
        return figure(number, self.decimals)

    @cached_property
    def of_the_step(self) -> tuple[str, ...]:
        """The matrix that the step writes, then those that it reads; at the start, the data."""
        shown = self.program.of_kind("input", "target")
        if self.step is not None:
            shown = (self.step.symbol, *names(self.step.expression))
        known = self.matrices()
        return tuple(symbol for symbol in dict.fromkeys(shown) if symbol in known)

    def rows(self, symbol: str) -> list[list[str]]:
        """A matrix in figures, with `·` for each number that is not computed yet."""
        value = self.value(symbol)
        if value is None:
            value = np.ma.masked_array(np.zeros(self.shapes[symbol]), True)
        return abbreviated(value, self.decimals, MOST_COLUMNS)

    # Its faces

    def __str__(self) -> str:
        boards = (f"\n{self.label(s)}\n{aligned(self.rows(s))}" for s in self.of_the_step)
        return "\n".join([self.title, *self.lines, *boards])

    __repr__ = __str__  # so that a prompt shows it too

    def label(self, symbol: str) -> str:
        """dW2 1×3"""
        return f"{symbol} {written(self.shapes[symbol])}"

    def _repr_html_(self) -> str:
        """For Jupyter: the step, then every matrix of each group, each gradient under its value."""
        said = (part for line in self.lines for part in (element("br"), line))
        return element(
            "div",
            element("b", self.title),
            element("p", *itertools.islice(said, 1, None)),
            *(element("table", *self._rows(symbols)) for symbols in self._groups()),
            element("div", *map(self._board, self._others()), style="display:flex;gap:2em"),
        ).source

    def _groups(self) -> Iterator[list[str]]:
        """What each layer or time step is given and computes; what several read stands with the
        first, targets with the last."""
        groups, roles = tuple(self.program.groups) or (None,), self.program.roles
        for group in groups:
            kinds: list[Kind] = ["input", "parameter", "value"]
            here = (group, 0, None) if group == groups[0] else (group,)
            of_kinds = (symbol for kind in kinds for symbol in self.program.of_kind(kind))
            own = [symbol for symbol in of_kinds if roles[symbol].group in here]
            yield [*own, *self.program.of_kind("target")] if group == groups[-1] else own

    def _rows(self, above: list[str]) -> Iterator[Html]:
        """Two rows of matrices, the gradients under what they are of."""
        for symbols in (above, [self.program.gradient_of(symbol) for symbol in above]):
            boards = ([self._board(symbol)] if symbol else [] for symbol in symbols)
            yield element("tr", *(element("td", *board, style=TOP) for board in boards))

    def _others(self) -> Iterator[str]:
        """The matrices of no group that are known: the losses, their gradient, running means."""
        of = self.program.of_kind("loss", "mean")
        others = {*of, *map(self.program.gradient_of, of)}
        yield from (symbol for symbol in self.matrices() if symbol in others)

    def _board(self, symbol: str) -> Html:
        """A matrix under its symbol; what the step writes is marked ▸, what it reads •."""
        mark = "▸ " if self.step and symbol == self.step.symbol else "• "
        mark = mark if self.step and symbol in self.of_the_step else ""
        cells = (
            element("tr", *(element("td", figure) for figure in row)) for row in self.rows(symbol)
        )
        caption = element("caption", mark + self.label(symbol), style="white-space:nowrap")
        return element("table", caption, *cells, style=BRACKETS)

    def __rich__(self) -> RenderableType:
        """For Rich's `print`."""
        from rich.columns import Columns
        from rich.console import Group
        from rich.text import Text

        boards = [
            Text(f"{self.label(s)}\n", "bold").append(aligned(self.rows(s)), "not bold")
            for s in self.of_the_step
        ]
        said = Text("\n".join(self.lines))
        return Group(Text(self.title, "bold"), said, Text(), Columns(boards, padding=(0, 3)))


# As the library calls them:
Timeline: TypeAlias = NotebookTimeline
State: TypeAlias = NotebookState
__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]
