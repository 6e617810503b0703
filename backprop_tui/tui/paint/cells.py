"""How the cells of a matrix are painted: numbers, marks, signs, and the brackets of the cursor."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from backprop_tui.explain.published import Comparison
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import beside, cell_width, ink
from backprop_tui.session.view import CARRIED_ON, CHANGED, EDITED, ENTERS, GIVEN, View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.placed import Placed

MARKS = f" ▸•✓≠{ENTERS}{CARRIED_ON}{EDITED}{CHANGED}"
"""What may stand before a number in its cell."""
WRONG = {ENTERS: "wrong", CARRIED_ON: "carried"}
"""How a wrong number looks, by its sign."""


def paint_matrix(canvas: Canvas, view: View, placed: Placed, power: int = 0) -> None:
    """Paint a matrix with its label, under the rule of its board; its values times 10^−power."""
    state, symbol = view.state, placed.symbol
    stale = "stale" if state.stale(symbol) else ""
    # With a weight that is updated too early nothing is wrong but the time.
    label = f"new {placed.label}" if view.is_early(symbol) else placed.label
    end, y = placed.label_end
    begin = canvas.right(end, y + 1, label, f"label {view.symbol_mark(symbol) or stale}")
    if (numbers := label.find("‹")) >= 0:  # of the columns: one of them is lit
        named, behind = label.find(" "), label.find("›") + 1
        canvas.put(begin + named, y + 1, label[named:numbers], "quiet")
        canvas.put(begin + behind, y + 1, label[behind:], "quiet")
    if symbol in view.program.cached:
        # At the board's left edge there is room behind the name only.
        canvas.put(begin - 1 if begin else len(symbol), y + 1, GIVEN, "mark")
    if view.numbers_rows(symbol):
        for k, i in enumerate(placed.rows):
            lit = i == view.column
            canvas.put(0, placed.line(k) + 1, f"‹{i + 1}›" if lit else f" {i + 1} ", "label")
    values, known, limit = view.value(symbol), state.revealed(symbol), view.limit(symbol)
    has_figures = bool(state.experiment.published)
    is_plain = view.right is None and view.before is None and not state.experiment.edits
    for k, i in enumerate(placed.rows):
        y = placed.line(k) + 1
        for x, j in enumerate(placed.columns, 1):
            end = placed.left + x * placed.cell
            number = number_at(values, known, i, j)
            hidden = number is None
            scaled = None if number is None else number * 10.0**-power
            place = view.place_of(symbol, i, j)
            mark = view.mark(place)
            waits = hidden and view.waits(symbol, i, j)
            wrong, sign = ("", "") if hidden or is_plain else (view.wrong(place), view.sign(place))
            start = paint_cell(
                canvas, end, y, scaled, view, placed.cell, mark, stale, waits, sign, wrong, limit
            )
            untold = has_figures and not (mark or hidden or stale or sign or wrong)
            printed = view.published(place) if untold else None
            if printed is not None:
                canvas.put(start - 1, y, *printed_sign(printed))


def number_at(values: Array | None, known: int | None, row: int, column: int) -> float | None:
    """The number of a cell; None where it is not computed, or not among the first `known`."""
    if values is None or (known is not None and row * values.shape[1] + column >= known):
        return None
    return float(values[row, column])


def paint_cell(
    canvas: Canvas,
    end: int,
    y: int,
    number: float | None,
    view: View,
    cell: int,
    mark: str = "",
    looks: str = "",
    waits: bool = False,
    sign: str = "",
    wrong: str = "",
    limit: float | None = None,
) -> int:
    """Paint one number that ends before column `end`, and return the column that it starts at.

    Before it stands `▸` where it is written and `•` where it is read, or `sign` where it was edited
    or changed by an edit, or where it is `wrong` the sign of that (but not where it is in hand: the
    Step panel says so). A number that is not computed yet (None) is `·`, and one that is asked for
    is `?`. A number that is compared with a `limit` has digits that tell it from that.
    """
    if number is None and waits:
        start = canvas.right(end, y, "?", "target")
    elif number is None:
        start = canvas.right(end, y, "·", "uncomputed")
        mark = mark if view.inspection.place else ""
    else:
        written = beside(number, limit, view.decimals, cell_width(view.decimals) - 1)
        meanings = filter(None, (ink(number), mark, WRONG.get(wrong), looks))
        start = canvas.put(end - len(written), y, written, " ".join(meanings)) - len(written)
    if wrong and not (mark == "target" and view.in_hand):
        # Not reversed, so that numbers stay apart.
        canvas.put(start - 1, y, wrong, "crossed" if wrong == ENTERS else WRONG[wrong])
    elif sign or mark:
        canvas.put(start - 1, y, sign or ("▸" if mark == "target" else "•"), "mark")
    return start


def printed_sign(printed: Comparison) -> tuple[str, str]:
    """Return the sign beside a number that was published, and how it looks: `✓` where they agree,
    `≈` where usual rounding makes them differ, `✗` where they differ otherwise, `≠` where the
    published figure is known to be wrong."""
    if printed.wrong is not None:
        return "≠", "quiet"  # the source is known to be wrong here
    if printed.failed:
        return "✗", "crossed"
    return "✓" if printed.as_printed else "≈", "quiet"


def paint_cursor(canvas: Canvas, view: View, placed: Placed) -> None:
    """Paint brackets close around the cell looked at and its mark.

    Where a number leaves no column before it, the mark gives way: the number's style says the same.
    """
    place = view.bracketed
    if place is None or place.symbol != placed.symbol or place.cell.row - 1 not in placed.rows:
        return
    cursor = place.cell
    shown = placed.part or view.place_of(place.symbol, cursor.row - 1, cursor.column - 1) == place
    if shown and cursor.column - 1 in placed.columns:
        y = placed.line(placed.rows.index(cursor.row - 1)) + 1
        end = placed.left + (placed.columns.index(cursor.column - 1) + 1) * placed.cell
        begin = max(0, end - placed.cell)
        blanks = canvas.blanks(begin, end, y)
        if end == canvas.width and canvas.blanks(begin, end, y, MARKS) > 1:
            canvas.shift(begin, end, y)  # there is no column behind it
            blanks, end = blanks - 1, end - 1
        canvas.put(begin + max(0, blanks - 1), y, "[", "cursor")
        canvas.put(end, y, "]", "cursor")


def shown_values(view: View, placed: tuple[Placed, ...]) -> list[Array]:
    """Return what this iteration gives for each matrix placed, computed already or not."""
    found = []
    for p in placed:
        if p.symbol in view.program.positions and p.rows:
            found.append(view.state.result(p.symbol)[np.ix_(p.rows, p.columns)])
    return found


def mark_of(view: View, *symbols: str) -> str:
    """Return the strongest mark of some symbols: "target", "read" or none."""
    return strongest(view.symbol_mark(symbol) for symbol in symbols)


def with_gradients(view: View, *symbols: str) -> tuple[str, ...]:
    """Return the symbols, and the gradients with respect to them that are computed."""
    return (*symbols, *filter(None, map(view.program.gradient_of, symbols)))


def strongest(marks: Iterable[str]) -> str:
    """Return "target" where it is among the marks, else "read" where that is, else none."""
    found = set(marks)
    return "target" if "target" in found else "read" if "read" in found else ""
