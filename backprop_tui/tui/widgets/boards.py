"""The boards: Cache and Gradients above each other, and the update as a subtraction.

They place matrices where `matrices` says and paint them; nothing here computes a value.
"""

from __future__ import annotations

from textual import events
from textual.message import Message

from backprop_tui.engine.algebra import Cell, Diff
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.experiment import Training
from backprop_tui.engine.functions import Array
from backprop_tui.engine.program import Step
from backprop_tui.engine.provenance import Place
from backprop_tui.tui.canvas import Canvas
from backprop_tui.tui.matrices import (
    LABEL,
    Arrangement,
    Placed,
    arrange,
    arrange_update,
    paint,
    paint_cell,
    paint_cursor,
    shown_values,
)
from backprop_tui.tui.numbers import common_power, times_power
from backprop_tui.tui.view import View
from backprop_tui.tui.widgets.panel import Panel


class Board(Panel):
    """Matrices under a titled rule. Cache and Gradients are arranged alike."""

    other: Board | None = None
    """The board that shares its arrangement."""

    class Chosen(Message):
        """A click on a cell."""

        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

    def placed(self, view: View) -> tuple[Placed, ...]:
        """The matrices on this board, in the order in which tab visits them."""
        return self.arrangement(view).cache

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if self.view is None or at is None:
            return
        for placed in self.placed(self.view):
            if found := placed.cell_at(at.x, at.y - 1):
                self.post_message(self.Chosen(Cell(placed.symbol, found[0] + 1, found[1] + 1)))

    def arrangement(self, view: View) -> Arrangement:
        boards = [self, self.other] if self.other and self.other.display else [self]
        return arrange(view, self.size.width, min(board.size.height for board in boards) - 1)


class Cache(Board):
    """Inputs, parameters and everything that going forward has computed."""

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        depth = len(view.layers) - 1
        title = "Cache" if a.whole or depth == 1 else f"Cache  layer {a.layers[0]} of {depth}"
        self.rule(canvas, view, title, a.remark or example(view))
        for placed in a.cache:
            paint(canvas, view, placed, 1)
        if not a.whole and depth > 1:
            canvas.put(0, canvas.height - 1, neighbours(view, a.layers[0]), "quiet")
            if a.remark:
                canvas.right(canvas.width, canvas.height - 1, example(view), "quiet")


class Gradients(Board):
    """What going backward has computed, each slope exactly under its value."""

    def placed(self, view: View) -> tuple[Placed, ...]:
        return self.arrangement(view).gradients

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        power = common_power(shown_values(view, a.gradients), view.decimals)
        note = f"{dL(view)}"
        self.rule(canvas, view, "  ".join(filter(None, ("Gradients", times_power(power)))), note)
        for placed in a.gradients:
            paint(canvas, view, placed, 1, power)


class Update(Board):
    """The update phase on the board: before, minus α times the slope, after."""

    def arrangement(self, view: View) -> Arrangement:
        """The three blocks of every layer that is shown, under each other."""
        return arrange_update(view, self.size.width, self.size.height - 1)

    def paint(self, canvas: Canvas, view: View) -> None:
        training = view.state.experiment.training
        a = self.arrangement(view)
        self.rule(canvas, view, "Update", ", ".join(filter(None, (a.remark, alpha(training)))))
        for placed in a.cache:
            if placed.part == "before" and placed.top:
                canvas.put(0, placed.top, "─" * canvas.width, "quiet")
            self.block(canvas, view, placed)
        if not a.whole and len(view.layers) > 2:
            canvas.put(0, canvas.height - 1, neighbours(view, a.layers[0]), "quiet")

    def block(self, canvas: Canvas, view: View, placed: Placed) -> None:
        """One of the three: a label at its left, its numbers, marked as what they are."""
        state, top = view.state, placed.top + 1
        step, symbol = step_of(view, placed.symbol), placed.symbol.removeprefix("d")
        canvas.put(placed.left - LABEL, top, placed.label, "label")
        if step is None and placed.part != "before":
            if placed.part == "after":
                canvas.put(placed.left - LABEL, top, f"{symbol} is frozen", "quiet")
            return
        values = shown_block(view, placed, step)
        known = state.revealed(symbol) if placed.part == "after" else None
        if placed.rows and (mark := view.cell_mark(symbol, 0, 0)) and placed.part == "after":
            canvas.put(placed.left - LABEL, top, placed.label, f"label {mark}")
        for y, i in enumerate(placed.rows, top):
            for x, j in enumerate(placed.columns, 1):
                hidden = values is None or (known is not None and i * values.shape[1] + j >= known)
                number = None if values is None or hidden else float(values[i, j])
                mark = view.mark(self.place(view, placed, i, j))
                end = placed.left + x * placed.cell
                paint_cell(canvas, end, y, number, view, placed.cell, mark)
        at = view.bracketed
        if at and at == self.place(view, placed, at.cell.row - 1, at.cell.column - 1):
            paint_cursor(canvas, view, placed, top)

    def place(self, view: View, placed: Placed, row: int, column: int) -> Place:
        """The number that a block shows in a cell: before, the slope, after."""
        made = view.iteration - (placed.part == "before")
        cell = Cell(placed.symbol, row + 1, column + 1)
        return view.provenance.earliest(Place(made, cell))


def alpha(training: Training) -> str:
    return f"α = {training.learning_rate:g}"


def step_of(view: View, symbol: str) -> Step | None:
    """The update step of a parameter, or of the parameter that a slope belongs to."""
    at = view.state.program.positions.get(symbol.removeprefix("d"))
    return None if at is None else view.state.program.steps[at]


def shown_block(view: View, placed: Placed, step: Step | None) -> Array | None:
    """before W, α·dW (the right side of the step's difference), after W: None if still to come."""
    state, symbol = view.state, placed.symbol.removeprefix("d")
    if placed.part == "before":
        return state.before(symbol)
    if placed.part == "after":
        return state.value(symbol) if state.done(symbol) or state.opening(symbol) else None
    if step is None or not isinstance(step.expression, Diff):
        return None
    taken: Array = value(step.expression.right, view.provenance.environment(view.iteration, step))
    return taken


def example(view: View) -> str:
    """Which example's column is shown."""
    state = view.state
    if state.examples > 1:
        return f"‹example {view.column + 1} of {state.examples}›"
    return f"example {state.iteration.examples[0] + 1} of {state.experiment.data.examples}"


def dL(view: View) -> str:  # noqa: N802 (∂L, as it is written)
    """What a d before a name means here."""
    step = view.step
    if "J" in view.state.program.positions:
        return "dA dZ of its own L; dW db of J"
    symbol = step.symbol if step and step.phase == "backward" else "dW1"
    return f"{symbol} means ∂L/∂{symbol[1:]}"


def neighbours(view: View, layer: int) -> str:
    """The layers before and after the one whose card is shown."""
    n, g = view.layers, view.state.experiment.network.activations
    depth = len(n) - 1

    def named(first: int, last: int) -> str:
        if first == last:
            return f"layer {first}: {n[first - 1]} → {n[first]} {g[first - 1]}"
        return f"layers {first} to {last}"

    parts = []
    if layer > 1:
        parts.append(f"▴ {named(1, layer - 1)}")
    if layer < depth:
        parts.append(f"▾ {named(layer + 1, depth)}")
    return "      ".join(parts)


__all__ = ["Board", "Cache", "Gradients", "Placed", "Update"]
