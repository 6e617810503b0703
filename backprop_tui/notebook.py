"""The library: runs whose states display themselves in Jupyter, in Rich and in print."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from backprop_tui.explain.derivation import Derivation, derivation
from backprop_tui.explain.explanation import Explanation, formula, own_cell, shape_line
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.exports.documents.page import Html, element
from backprop_tui.exports.figures import abbreviated, aligned, figure, heading
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.maths.expressions import SCALARS, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.shapes import written
from backprop_tui.maths.writing import text
from backprop_tui.messages import hint
from backprop_tui.run import timeline
from backprop_tui.run.timeline import Position

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_COLUMNS = 10
MOST_TERMS = 6
UNKNOWN = "·"
BRACKETS = "text-align:right;border:solid currentColor;border-width:0 1px;border-radius:6px"


class NotebookTimeline(timeline.Timeline):
    """A run of an experiment, whose states display themselves."""

    def state(self, position: Position) -> NotebookState:
        """The state at a position. Raises ValueError where the run has no such position."""
        steps = len(self.program.steps)
        if position.iteration < 1 or not 0 <= position.steps <= steps:
            raise ValueError(f"there is no {position}: iterations count from 1, steps to {steps}")
        return NotebookState(self, position, self.iteration(position.iteration))

    @cached_property
    def provenance(self) -> Provenance:
        """Where the numbers of this run come from."""
        return Provenance(self)

    def derivation(self, symbol: str, elements: bool = False) -> Derivation:
        """The lines from the chain rule to the formula of a gradient, dZ2, or of its `elements`.

        Raises ValueError for a symbol that has no derivation, with those that have one.
        """
        return derivation(self.program, symbol, elements=elements)


class NotebookState(timeline.State):
    """The state of a run at a position. It displays its step: formula, one number, matrices."""

    timeline: NotebookTimeline

    @property
    def decimals(self) -> int:
        """The decimals of the figures."""
        return self.experiment.decimals

    def value(self, symbol: str) -> Array | None:
        """The matrix of `symbol`, read-only; masked where its step has not computed it yet.

        None where no number of it is computed. Raises ValueError where the run has no such matrix.
        """
        if symbol not in self.shapes:
            raise ValueError(f"there is no {symbol} in this run{hint(symbol, self.shapes)}")
        return super().value(symbol)

    @property
    def title(self) -> str:
        """mazur: iteration 1, example 1 of 1, step 9 of 15, backward"""
        at = f"step {self.position.steps} of {len(self.program.steps)}"
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
    def matrices(self) -> dict[str, list[list[str]]]:
        """The matrix that the step writes, then those that it reads; at the start, the data."""
        shown = self.program.of_kind("input", "target")
        if self.step is not None:
            shown = (self.step.symbol, *names(self.step.expression))
        known = [s for s in dict.fromkeys(shown) if s not in SCALARS and self.value(s) is not None]
        return {f"{s} {written(self.shapes[s])}": self.rows(s) for s in known}

    def rows(self, symbol: str) -> list[list[str]]:
        """A matrix in figures, with `·` for each number that is not computed yet."""
        value = self.value(symbol)
        assert value is not None
        revealed, columns = self.revealed(symbol), value.shape[1]
        if revealed is None:
            return abbreviated(value, self.decimals, MOST_COLUMNS)
        return [
            [
                self.figure(value[i, j]) if i * columns + j < revealed else UNKNOWN
                for j in range(columns)
            ]
            for i in range(value.shape[0])
        ]

    # Its faces

    def __str__(self) -> str:
        parts = [self.title, *self.lines]
        parts += [f"\n{name}\n{aligned(rows)}" for name, rows in self.matrices.items()]
        return "\n".join(parts)

    __repr__ = __str__  # so that a prompt shows it too

    def _repr_html_(self) -> str:
        """For Jupyter."""
        said = (part for line in self.lines for part in (element("br"), line))
        written_then_read = itertools.chain(["▸ "], itertools.repeat("• "))
        marks = written_then_read if self.step else itertools.repeat("")
        boards = (
            _board(f"{mark}{name}", rows)
            for mark, (name, rows) in zip(marks, self.matrices.items(), strict=False)
        )
        row = "display:flex;flex-wrap:wrap;gap:2em;align-items:flex-start"
        return element(
            "div",
            element("b", self.title),
            element("p", *itertools.islice(said, 1, None)),
            element("div", *boards, style=row),
        ).source

    def __rich__(self) -> RenderableType:
        """For Rich's `print`."""
        from rich.columns import Columns
        from rich.console import Group
        from rich.text import Text

        boards = [
            Text(f"{name}\n", "bold").append(aligned(rows), "not bold")
            for name, rows in self.matrices.items()
        ]
        said = Text("\n".join(self.lines))
        return Group(Text(self.title, "bold"), said, Text(), Columns(boards, padding=(0, 3)))


def _board(name: str, rows: list[list[str]]) -> Html:
    cells = (element("tr", *(element("td", figure) for figure in row)) for row in rows)
    caption = element("caption", name, style="white-space:nowrap")
    return element("table", caption, *cells, style=BRACKETS)


# As the library calls them:
Timeline: TypeAlias = NotebookTimeline
State: TypeAlias = NotebookState
__all__ = ["ExperimentError", "Position", "State", "Timeline", "load"]
