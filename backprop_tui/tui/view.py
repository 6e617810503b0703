"""What a screen shows: a state of the run, and how its user wants to see it.

An immutable record, made anew at each key; widgets read it and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from backprop_tui.engine.algebra import Cell, names
from backprop_tui.engine.explanation import own_cell
from backprop_tui.engine.functions import Array
from backprop_tui.engine.program import Step
from backprop_tui.engine.timeline import State

DRAWINGS = ("nodes and edges", "graph")
ARROWS = {"forward": "▶", "loss": "▶", "backward": "◀", "update": "▼"}


@dataclass(frozen=True, eq=False)
class View:
    """`example` is a column of the batch; `scroll` the first row and column shown, by layer."""

    state: State
    decimals: int = 3
    example: int = 0
    drawing: str = DRAWINGS[0]
    scroll: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def step(self) -> Step | None:
        return self.state.step

    @cached_property
    def target(self) -> str | None:
        """The symbol that the shown step writes."""
        return self.step.symbol if self.step else None

    @cached_property
    def reads(self) -> frozenset[str]:
        """The matrices that the shown step reads, as it is taught."""
        return frozenset(names(self.step.expression)) if self.step else frozenset()

    @cached_property
    def cell(self) -> Cell | None:
        """The cell that the step is explained at; while it is open, the last one revealed."""
        if self.step is None:
            return None
        if revealed := self.state.position.elements:
            columns = self.state.shapes[self.step.symbol][1]
            row, column = divmod(revealed - 1, columns)
            return Cell(self.step.symbol, row + 1, column + 1)
        return own_cell(self.state, self.step, self.example)

    @cached_property
    def column(self) -> int:
        """The example whose column is shown, from 0: an open step's own, else the chosen one."""
        per_example = self.target in self.state.program.per_example
        if self.cell and per_example and self.state.position.elements:
            return self.cell.column - 1
        return min(self.example, self.state.examples - 1)

    def value(self, symbol: str) -> Array | None:
        return self.state.value(symbol)

    @cached_property
    def updating(self) -> bool:
        return self.state.phase == "update"

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """The lesson's notes at this step, those for just this iteration first."""
        if self.target is None:
            return ()
        here = self.state.experiment.notes_at(self.state.position.iteration, self.target)
        return tuple(note.text for note in here)

    @property
    def layers(self) -> tuple[int, ...]:
        return self.state.experiment.network.layers


def hue(view: View) -> str:
    """The meaning of the phase's colour: the loss is the end of going forward."""
    return "forward" if view.state.phase == "loss" else view.state.phase
