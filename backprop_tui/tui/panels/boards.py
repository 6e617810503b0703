"""The boards: Cache and Gradients above each other, and the update as a subtraction.

Where the matrices stand is decided in `paint.arrangement` and `paint.update`.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby
from operator import attrgetter

from textual.geometry import Offset, Size

from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell, Diff, Name, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import common_power, times_power
from backprop_tui.maths.values import value
from backprop_tui.maths.writing import text
from backprop_tui.model.saved import ALPHA
from backprop_tui.session.view import CHANGED, EDITED, View
from backprop_tui.tui.paint.arrangement import Arrangement, Placed, arrange
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.paint.cells import paint_cell, paint_cursor, paint_matrix, shown_values
from backprop_tui.tui.paint.predictions import right_of_batch, target_class
from backprop_tui.tui.paint.update import LABEL, arrange_update
from backprop_tui.tui.panels.panel import Panel

TOLD = re.compile(f"[✓✗≠{re.escape(EDITED + CHANGED)}]|(?<!e)−")
"""What stands beside a number in its cell, and its minus sign: hidden with the number."""
POWER = 12
"""Columns for a layer's own power of ten, beside its gradients."""
LEAST = 3
"""Lines that the rule of a board, its labels and one row of numbers take."""
MARKED = re.compile("[▸•]−")
"""A mark left of a minus sign: where it stands would reveal a hidden sign."""
CELL_FIGURES = re.compile(r"[^\s·?▸•\[\]]+")


class Board(Panel):
    """Matrices under a titled rule. Cache and Gradients are arranged alike."""

    room: Size | None = None
    """The size that it is arranged for: both boards alike, shown or not; None for its own."""
    alone = True
    """Whether no other board stands beside it."""

    @classmethod
    def arranged(cls, view: View, room: Size) -> Arrangement:
        """What stands where on the boards of that size."""
        return arrange(view, room.width, room.height - 1)

    def arrangement(self, view: View) -> Arrangement:
        """What stands where on this board, and on the one beside it."""
        return self.arranged(view, self.room or self.size)

    @classmethod
    def among(cls, a: Arrangement) -> tuple[Placed, ...]:
        """The matrices on this board, in the order in which tab visits them."""
        return a.cache

    def placed(self, view: View) -> tuple[Placed, ...]:
        """The matrices on this board, where they stand now."""
        return self.among(self.arrangement(view))

    @classmethod
    def own(cls, view: View, symbol: str) -> str:
        """The symbol that this board shows for `symbol` (Gradients: dW1 for W1), or ''."""
        return symbol

    @classmethod
    def stops(cls, view: View, room: Size) -> list[Cell]:
        """The cells at which tab stops: the first cell shown of each matrix, and of each matrix of
        its layer that is not shown, which it brings into view."""
        a, stops = cls.arranged(view, room), dict[str, Cell]()
        for one in cls.among(a):
            if one.symbol and one.rows and one.columns:
                stops.setdefault(one.symbol, Cell(one.symbol, one.rows[0] + 1, one.columns[0] + 1))
        card = [own for s in a.card if (own := cls.own(view, s))]
        per_example = view.state.program.per_example
        return [
            stops.get(s) or Cell(s, 1, view.column + 1 if s in per_example else 1)
            for s in card or stops
        ]

    def remark(self, view: View, a: Arrangement) -> str:
        """Say what is not shown."""
        left_out = " ".join(own for s in a.left_out if (own := self.own(view, s)))
        return ", ".join(filter(None, (a.remark, f"no room: {left_out}" if left_out else "")))

    def cell_at(self, at: Offset) -> Cell | None:
        """The cell that is drawn at that place of the panel."""
        for placed in self.placed(self.view) if self.view else ():
            if found := placed.cell_at(at.x, at.y - 1):
                return Cell(placed.symbol, found[0] + 1, found[1] + 1)
        return None

    def finish(self, canvas: Canvas, view: View) -> None:
        """Paint the brackets of the cursor."""
        for placed in self.placed(view) if view.bracketed else ():
            paint_cursor(canvas, view, placed)

    def hide(self, canvas: Canvas, view: View) -> None:
        """Cover the numbers in the cells with their signs; labels and marks stay visible."""
        for placed in self.placed(view):
            for k in range(len(placed.rows)):
                y = placed.line(k) + 1
                cells = slice(max(0, placed.left), max(0, placed.right))
                canvas.swap(MARKED, y, cells)
                canvas.cover(TOLD, y, cells, " ")
                canvas.cover(CELL_FIGURES, y, cells)
        super().hide(canvas, view)

    def put_neighbours(self, canvas: Canvas, view: View, a: Arrangement) -> int:
        """Name the other layers in the last line, and return the column behind them."""
        if len(a.layers) == view.depth or not view.sizes or canvas.height <= LEAST:
            return 0
        others = shortened(neighbours(view, a.layers), canvas.width)
        return canvas.put(0, canvas.height - 1, others, "quiet")


class Cache(Board):
    """Inputs, parameters and the values saved in the forward pass."""

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        title, remark = f"Cache{which_layer(view, a)}", self.remark(view, a)
        self.rule(canvas, view, *cache_title(view, title, remark, canvas.width - 8))
        for placed in a.cache:
            paint_matrix(canvas, view, placed)
        behind, which = self.put_neighbours(canvas, view, a), example(view)
        if behind and remark and behind + len(which) + 2 <= canvas.width:
            canvas.right(canvas.width, canvas.height - 1, which, "quiet")


class Gradients(Board):
    """The gradients that are computed, each exactly under its value."""

    @classmethod
    def among(cls, a: Arrangement) -> tuple[Placed, ...]:
        """Each gradient under its value."""
        return a.gradients

    @classmethod
    def own(cls, view: View, symbol: str) -> str:
        """The gradient with respect to `symbol`; '' where none is computed."""
        return view.program.gradient_of(symbol) or ""

    @classmethod
    def powers(cls, view: View, room: Size) -> list[tuple[tuple[Placed, ...], int]]:
        """The matrices that have a power of ten taken out of them in common, and which."""
        every = cls.among(cls.arranged(view, room))
        begun = any(view.value(placed.symbol) is not None for placed in every)
        return [
            (card, common_power(shown_values(view, card), view.decimals) if begun else 0)
            for card in (cls.cards(every, room.width) if view.roomy else [every])
        ]

    @classmethod
    def power_of(cls, view: View, room: Size, symbol: str) -> int:
        """The power of ten that is taken out of a matrix."""
        powers = cls.powers(view, room)
        return next((p for card, p in powers if any(one.symbol == symbol for one in card)), 0)

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        cards = self.powers(view, self.room or self.size)
        powers = {power for _, power in cards}
        shared = powers.pop() if len(powers) == 1 else 0
        power_of_ten, remark = times_power(shared), self.remark(view, a)
        layers = (which_layer(view, a), "") if self.alone else ("",)  # else the Cache says it
        meant = dL(view)
        notes = ["   ".join(filter(None, (remark, said))) for said in meant]
        notes.append(remark or meant[-1])
        ways = [
            ("  ".join(filter(None, (f"Gradients{layer}", power_of_ten))), note)
            for note in notes
            for layer in layers
        ]
        self.rule(canvas, view, *next((way for way in ways if canvas.fits_rule(*way)), ways[-1]))
        for card, power in cards:
            for placed in card:
                paint_matrix(canvas, view, placed, power)
            if power != shared and not self.is_covered(view):
                canvas.put(card[-1].right + 2, card[-1].top, times_power(power), "label")
        if self.alone:
            self.put_neighbours(canvas, view, a)

    @classmethod
    def cards(cls, every: tuple[Placed, ...], width: int) -> list[tuple[Placed, ...]]:
        """The matrices of each layer, where there is room for a power of its own beside them."""
        if not every or max(placed.right for placed in every) + POWER > width:
            return [every]
        return [tuple(card) for _, card in groupby(every, key=attrgetter("top"))]


class Update(Board):
    """The update phase as a subtraction: before, minus α times the gradient, after."""

    @classmethod
    def arranged(cls, view: View, room: Size) -> Arrangement:
        """The blocks of every layer that is shown, under each other."""
        return arrange_update(view, room.width, room.height - 1)

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        constants = rule_in_numbers(view)
        remark = self.remark(view, a)
        notes = [", ".join(filter(None, (remark, constants))), remark or constants]
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
        looks = "quiet" if placed.label.endswith("frozen") else f"label {marked}"
        canvas.put(placed.left - LABEL, top, placed.label, looks)
        known = view.state.revealed(placed.symbol) if placed.part in ("made", "after") else None
        for k, i in enumerate(placed.rows):
            y = placed.line(k) + 1
            for x, j in enumerate(placed.columns, 1):
                hidden = values is None or (known is not None and i * values.shape[1] + j >= known)
                number = None if values is None or hidden else float(values[i, j])
                mark = view.mark(place(i, j)) if placed.symbol else ""
                wrong = placed.symbol and number is not None and view.is_wrong(place(i, j))
                end = placed.left + x * placed.cell
                waits = placed.part in ("made", "after") and view.waits(placed.symbol, i, j)
                looks = "wrong" if wrong else ""
                sign = view.sign(place(i, j)) if placed.symbol and number is not None else ""
                paint_cell(canvas, end, y, number, view, placed.cell, mark, looks, waits, sign)


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
            return state.before(symbol)
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
    name = [] if plain else [training.optimizer]
    alpha = view.state.iteration.scalars[ALPHA.symbol]
    sign = EDITED if view.state.timeline.history.last_edit(ALPHA, view.iteration) else ""
    return ", ".join([*name, f"{sign}α = {alpha:g}", *constants])


def cache_title(view: View, title: str, remark: str, room: int) -> tuple[str, str]:
    """Return the Cache's title and note in `room` columns, with the shown example's class and how
    many of the batch are predicted correctly, as far as they fit."""
    known, named = right_of_batch(view), None if remark else target_class(view)
    note = remark or example(view)
    right = ["", ""] if known is None else ["  {} of {} correct", "  {}/{} ✓"]
    titles = [own + form.format(*known or ()) for own in (title, "Cache") for form in right]
    notes = [f"{note} class {shortened(named, 16)}", note] if named else [note]
    ways = [(own, said) for said in notes for own in titles]
    return next((way for way in ways if sum(map(len, way)) <= room), ("Cache", note))


def example(view: View) -> str:
    """Say which example's column is shown."""
    state, total = view.state, view.state.experiment.data.examples
    row = state.iteration.examples[view.column] + 1
    if state.examples == total and row == view.column + 1:
        return f"‹example {row} of {total}›" if total > 1 else f"example {row} of {total}"
    if state.examples > 1:
        return f"‹example {row}: {view.column + 1} of {state.examples} here›"
    return f"example {row} of {total}"


def dL(view: View) -> tuple[str, ...]:  # noqa: N802 (∂L, as it is written)
    """Say what a d before a name means here, in full, then shorter."""
    program, step = view.program, view.step
    own, joint = program.loss, program.objective
    if joint != own:
        total = "sum" if program.training.reduction == "sum" else "mean"
        return (
            f"dA, dZ: for this example's {own}; dW, db: for the {total} {joint}",
            f"dA, dZ: this example's {own}; dW, db: {total} {joint}",
        )
    of = step.role.of if step and step.phase == "backward" else program.parameters[0]
    return (f"{program.gradient_of(of or '')} means ∂{own}/∂{of}",)


def which_layer(view: View, a: Arrangement) -> str:
    """Say which layers are shown; nothing where all of them are."""
    depth = view.depth
    if len(a.layers) == depth:
        return ""
    if not view.sizes:
        return f"  {view.program.groups[a.layers[0]]}"
    if len(a.layers) == 1:
        return f"  layer {a.layers[0]} of {depth}"
    return f"  layers {a.layers[0]} to {a.layers[-1]} of {depth}"


def neighbours(view: View, shown: tuple[int, ...]) -> str:
    """Name the layers before and after those that are shown."""
    n, g = view.sizes, view.state.experiment.dense.activations
    depth = len(n) - 1

    def named(first: int, last: int) -> str:
        if first == last:
            return f"layer {first}: {n[first - 1]} → {n[first]} {g[first - 1]}"
        return f"layers {first} to {last}"

    parts = []
    if shown[0] > 1:
        parts.append(f"▴ {named(1, shown[0] - 1)}")
    if shown[-1] < depth:
        parts.append(f"▾ {named(shown[-1] + 1, depth)}")
    return "      ".join(parts)
