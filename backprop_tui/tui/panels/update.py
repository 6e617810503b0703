"""The update board: each parameter as a subtraction, before, what is taken away, after."""

from __future__ import annotations

from functools import partial

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell, Diff, Name, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.saved import ALPHA
from backprop_tui.session.view import EDITED, View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.cells import number_at, paint_cell, paint_cursor
from backprop_tui.tui.paint.placed import Arrangement, Placed, Room
from backprop_tui.tui.paint.update import LABEL, arrange_update
from backprop_tui.tui.panels.board_titles import with_legend
from backprop_tui.tui.panels.boards import Board


class Update(Board):
    """The update phase as a subtraction: before, minus α times the gradient, after."""

    @classmethod
    def arranged(cls, view: View, room: Room) -> Arrangement:
        """The blocks of every layer that is shown, under each other."""
        return arrange_update(view, room.width, room.height - 1)

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        constants = rule_in_numbers(view)
        remark = self.remark(view, a, canvas.width)
        told = ", ".join(filter(None, (remark, constants)))
        notes = [*with_legend(view, told), remark or constants]
        fits = [note for note in notes if len(note) + 14 <= canvas.width]
        self.rule(canvas, view, "Update", fits[0] if fits else "")
        for placed in a.cache:
            if placed.part == "before" and placed.top:
                canvas.put(0, placed.top, "─" * canvas.width, "quiet")
            self.block(canvas, view, placed)
        self.put_neighbours(canvas, view, a)

    def finish(self, canvas: Canvas, view: View) -> None:
        if (at := view.bracketed) is None:
            return
        row, column = at.cell.row - 1, at.cell.column - 1
        for placed in self.placed(view):
            if placed.symbol and at == place_in_block(view, placed, row, column):
                paint_cursor(canvas, view, placed)

    def block(self, canvas: Canvas, view: View, placed: Placed) -> None:
        """Paint the label of a block at its left, and its numbers with their marks."""
        top, values = placed.top + 1, shown_block(view, placed)
        place = partial(place_in_block, view, placed)
        marked = view.mark(place(0, 0)) if placed.part in ("made", "after") else ""
        looks = "quiet" if placed.label.endswith(("frozen", "stays")) else f"label {marked}"
        canvas.put(placed.left - LABEL, top, placed.label, looks)
        known = view.state.revealed(placed.symbol) if placed.part in ("made", "after") else None
        for k, i in enumerate(placed.rows):
            y = placed.line(k) + 1
            for x, j in enumerate(placed.columns, 1):
                number = number_at(values, known, i, j)
                mark = view.mark(place(i, j)) if placed.symbol else ""
                told = placed.symbol and number is not None
                wrong = view.wrong(place(i, j)) if told else ""
                end = placed.left + x * placed.cell
                waits = placed.part in ("made", "after") and view.waits(placed.symbol, i, j)
                sign = view.sign(place(i, j)) if told else ""
                paint_cell(canvas, end, y, number, view, placed.cell, mark, "", waits, sign, wrong)


def place_in_block(view: View, placed: Placed, row: int, column: int) -> Place:
    """Return which number a block shows in a cell (counted from 0)."""
    if placed.part == "made":
        return view.place_of(placed.symbol, row, column)
    made = view.iteration - (placed.part == "before")
    return view.provenance.earliest(Place(made, Cell(placed.symbol, row + 1, column + 1)))


def shown_block(view: View, placed: Placed) -> Array | None:
    """Return the numbers of a block; None until they are computed."""
    state, symbol = view.state, placed.symbol
    match placed.part:
        case "before":
            return state.iteration.given.get(symbol)
        case "slope" | "made":
            return state.value(symbol)
        case "after":
            return state.value(symbol) if state.done(symbol) or state.opening(symbol) else None
        case _:
            return taken_away(view, placed)


def taken_away(view: View, placed: Placed) -> Array | None:
    """Return what the update subtracts, once everything that it reads is computed."""
    program = view.program
    step = program.steps[program.index(placed.parameter)]
    updates, _ = program.phase_bounds("update")
    if not isinstance(step.expression, Diff):
        return None
    reads = [program.positions.get(s, -1) for s in names(step.expression.right)]
    if any(updates <= at and at >= view.state.position.steps for at in reads):
        return None
    taken: Array = value(step.expression.right, view.provenance.environment(view.iteration, step))
    return taken


def rule_in_numbers(view: View) -> str:
    """Return `α = 0.5`, with the constants of an optimizer other than gradient descent."""
    training, program = view.state.experiment.training, view.program
    first, behind = program.phase_bounds("update")
    read = {s for step in program.steps[first:behind] for s in names(step.expression)}
    constants = [
        f"{text(Name(symbol))} = {getattr(training, symbol):g}"
        for symbol in ("beta1", "beta2", "weight_decay")
        if symbol in read
    ]
    plain = training.optimizer == "gradient_descent"
    name = [] if plain else [training.rule_name]
    alpha = view.state.iteration.scalars[ALPHA.symbol]
    sign = EDITED if view.state.timeline.history.last_edit(ALPHA, view.iteration) else ""
    return ", ".join([*name, f"{sign}α = {alpha:g}", *constants])
