"""Where matrices stand in the Cache, Gradients and Update panels, and how their cells are painted.

Each layer is a row of columns, A[l-1] W b Z A (Y), its gradients in the same columns: each exactly
under its value. When the layers do not all fit, it is one layer's card (on a large screen, as many
as fit), as a window where even that is too large. Pure geometry and painting: it knows no widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from backprop_tui.explain.published import Comparison
from backprop_tui.maths.expressions import Diff
from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import cell_width, fixed, ink
from backprop_tui.maths.writing import text
from backprop_tui.session.view import CHANGED, EDITED, View
from backprop_tui.tui.paint.canvas import Canvas


@dataclass(frozen=True)
class Columns:
    """The right edges of a layer's columns, and the width of a cell; the same for both panels."""

    cell: int
    weights: int
    before: int
    W: int
    b: int
    Z: int
    A: int
    Y: int

    @staticmethod
    def of(cell: int, weights: int, gap: int) -> Columns:
        before = cell
        w = before + gap + weights * cell
        b = w + gap + cell
        return Columns(cell, weights, before, w, b, b + cell, b + 2 * cell, b + 3 * cell)


@dataclass(frozen=True)
class Placed:
    """A matrix, or a window onto it: `rows` and `columns` of it, from (`right`, `top`) on.

    `label` stands above, right-aligned; a matrix of no rows is only its label.
    """

    symbol: str
    right: int
    top: int
    rows: range
    columns: range
    cell: int
    label: str
    part: str = ""
    """In the update: "before", "slope", "made" (a running mean), "taken" (α·dW) or "after"."""

    parameter: str = ""
    """In the update: whose it is."""

    apart: int = 1
    """Lines from one row to the next."""

    def line(self, k: int) -> int:
        """The line of the `k`th row shown, from 0."""
        return self.top + k * self.apart

    @property
    def left(self) -> int:
        return self.right - self.cell * len(self.columns)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The row and column (from 0) of the cell drawn at that place."""
        row, between = divmod(y - self.top, self.apart)
        if between or not (self.left <= x < self.right and 0 <= row < len(self.rows)):
            return None
        return self.rows[row], self.columns[(x - self.left) // self.cell]


@dataclass(frozen=True)
class Arrangement:
    """What stands where in the Cache, and in the Gradients under it."""

    cache: tuple[Placed, ...]
    gradients: tuple[Placed, ...]
    layers: tuple[int, ...]
    """The layers that are shown."""
    remark: str
    """Which rows and columns of a matrix are shown, where not all are."""

    card: tuple[str, ...] = ()
    """Of a single layer: all of its matrices, those too that there is no room for."""

    @property
    def left_out(self) -> list[str]:
        """The matrices of the layer that there is no room for."""
        shown = {placed.symbol for placed in self.cache}
        return [symbol for symbol in self.card if symbol not in shown]

    @property
    def whole(self) -> bool:
        return self.layers[0] == 1 and len(self.layers) > 1


def arrange(view: View, width: int, height: int) -> Arrangement:
    """As many layers as fit in `height` lines (the smaller of both panels), else one card."""
    n = view.layers
    divided = division(n, height, _most_apart(view))
    columns = _columns(view, max(n[:-1]), width)
    if columns is None or divided is None or (len(divided[0]) > 1 and not view.roomy):
        return _card(view, width, height)
    parts, apart = divided
    layers = next(part for part in parts if view.layer in part)
    heights = [1 + _rows(n, layers, layer, apart) for layer in layers]
    spare = height - sum(heights) - (len(parts) > 1)
    air = min(apart, spare // max(1, len(layers) - 1))
    cache: list[Placed] = []
    gradients: list[Placed] = []
    top = 0
    for layer, tall in zip(layers, heights, strict=True):
        ins, rows, named = range(n[layer - 1]), range(n[layer]), layer > layers[0]
        cache += _layer(view, layer, columns, top + 1, ins, rows, named=named)
        gradients += _slopes(cache, top + 1)
        top += tall + air
    moved = _centred(view, columns.Y, columns.cell, width)
    slopes = _spread(gradients, apart, moved)
    return Arrangement(_spread(cache, apart, moved), slopes, tuple(layers), "")


Division = tuple[tuple[range, ...], int]
"""The layers in parts, and the lines from row to row in each."""


@lru_cache(maxsize=256)  # asked for at every key
def division(n: tuple[int, ...], height: int, apart: int) -> Division | None:
    """The layers in as few parts as fit in `height` lines each, their rows at most `apart`; None
    where there is a layer that does not fit."""
    return _divided(len(n) - 1, apart, lambda part, by: lines_of(n, part, by) <= height)


def _divided(depth: int, apart: int, fits: Callable[[range, int], bool]) -> Division | None:
    for count in range(1, depth + 1):
        each = -(-depth // count)
        starts = range(1, depth + 1, each)
        parts = tuple(range(first, min(first + each, depth + 1)) for first in starts)
        for by in range(apart, 0, -1):
            if all(fits(part, by) for part in parts):
                return parts, by
    return None


def lines_of(n: tuple[int, ...], layers: range, apart: int, *, airy: bool = False) -> int:
    """Lines that the cards of some layers take at least, or well apart; where they are not all,
    one more names the others."""
    others = len(layers) < len(n) - 1
    between = apart if airy else max(apart - 1, int(others))
    cards = sum(1 + _rows(n, layers, layer, apart) for layer in layers)
    return cards + between * (len(layers) - 1) + others


def _rows(n: tuple[int, ...], layers: range, layer: int, apart: int) -> int:
    """Lines of a layer's rows; the first of those that are shown has what it reads beside it."""
    beside = n[layer - 1] if layer == layers[0] else 0
    return 1 + (max(n[layer], beside) - 1) * apart


FARTHEST = 3
"""Lines from row to row at most."""


def board_lines(n: tuple[int, ...], room: int) -> int:
    """Lines that a board takes of `room` on a large screen: a rule, what it needs, a blank one."""
    divided = division(n, room - 1, FARTHEST)
    if divided is None:
        return room  # a window onto what does not fit
    parts, apart = divided
    return min(room, 2 + max(lines_of(n, part, apart, airy=True) for part in parts))


ROOMY = ((8, 6), (6, 5), (4, 4))
"""How much wider cells may be, and how far apart matrices, in a panel that has much room."""


def _columns(view: View, weights: int, width: int, target: bool = True) -> Columns | None:
    """The roomiest columns that fit all weights, with Y or without; None where none do."""
    least = cell_width(view.decimals)
    spacious = ROOMY if view.maximised or view.roomy else ()
    for more, gap in (*spacious, (2, 3), (1, 2), (0, 2), (0, 1)):
        cell = least + more
        columns = Columns.of(cell, weights, gap)
        if (columns.Y if target else columns.A) <= width:
            return columns
    return None


def _most_apart(view: View) -> int:
    """Lines from row to row where there is room: a maximised panel has, and a large screen."""
    return FARTHEST if view.roomy else 2 if view.maximised else 1


def _apart(view: View, needed: Callable[[int], int], height: int) -> int:
    """As many lines from row to row as there is room for."""
    return next((by for by in range(_most_apart(view), 1, -1) if needed(by) <= height), 1)


def _centred(view: View, right: int, cell: int, width: int) -> int:
    """How far to the right matrices that reach to `right` stand in the middle of a large board."""
    beyond = width - right - (cell - cell_width(view.decimals))  # the first cell's own margin
    return max(0, beyond // 2) if view.roomy else 0


def _spread(placed: Iterable[Placed], apart: int, moved: int = 0) -> tuple[Placed, ...]:
    return tuple(replace(one, apart=apart, right=one.right + moved) for one in placed)


def _card(view: View, width: int, height: int) -> Arrangement:
    """The current layer alone, windowed to what fits."""
    layer = view.layer
    reads, neurons = view.layers[layer - 1], view.layers[layer]
    lines = max(1, height - 2)  # a line for labels, one for the neighbours
    sparse = view.roomy and _is_sparse(reads, neurons, lines)
    lines = (lines + 1) // 2 if sparse else lines
    cell = cell_width(view.decimals) + (2 if sparse else 0)
    bare, last = Columns.of(cell, 0, 1), layer == len(view.layers) - 1
    # Y gives its place to the weights, unless the step reads it.
    target = last and (bare.Y + reads * cell <= width or view.concerns("Y") > 0)
    most = max(1, (width - (bare.Y if target else bare.A)) // cell)
    columns = _columns(view, min(reads, most), width, target) or Columns.of(cell, 1, 1)
    row, column = view.scroll.get(layer, (0, 0))
    row, column, before = _following(view, layer, row, column, lines, min(reads, most))
    row = max(0, min(row, neurons - lines))
    column = max(0, min(column, reads - min(reads, most)))
    before = max(0, min(before, reads - lines))
    rows = range(row, min(neurons, row + lines))
    ins = range(column, min(reads, column + columns.weights))
    befores = range(before, min(reads, before + lines))
    every = _layer(view, layer, columns, 1, ins, rows, befores=befores)
    cache = _fitting(view, every, width)
    has_weights = any(one.symbol == f"W{layer}" for one in cache)
    remark = _remark(rows, neurons, ins if has_weights else range(reads), reads)
    tall = max(len(rows), len(befores))
    apart = _apart(view, lambda by: 1 + (tall - 1) * by, height - 2)
    right = max((placed.right for placed in cache), default=width)
    moved = _centred(view, right, columns.cell, width)
    gradients = _spread(_slopes(cache, 1), apart, moved)
    card = tuple(placed.symbol for placed in every)
    return Arrangement(_spread(cache, apart, moved), gradients, (layer,), remark, card)


def _fitting(view: View, placed: list[Placed], width: int) -> list[Placed]:
    """As many matrices of a card as fit beside each other: what the step reads goes behind the
    others, what it writes last. What stands right of one that is left out moves to its place."""
    kept = list(placed)
    while kept and kept[-1].right > width:
        matter = [max(view.concerns(one.symbol), view.concerns(f"d{one.symbol}")) for one in kept]
        last, least = len(kept) - 1, min(matter)
        gone = last if matter[last] == least else matter.index(least)
        if gone < last:
            by = kept[gone + 1].left - kept[gone].left
            kept[gone + 1 :] = [replace(one, right=one.right - by) for one in kept[gone + 1 :]]
        del kept[gone]
    return kept


FEW = 16
"""Lines of a window below which none is left blank."""


def _is_sparse(reads: int, neurons: int, lines: int) -> bool:
    """Whether a window shows so little of its matrices that it may as well be easy to read: no
    matrix would fit in it that does not with a blank line between its rows."""
    half = (lines + 1) // 2
    return lines >= FEW and all(rows > 2 * lines or rows <= half for rows in (reads, neurons))


LABEL = 13
"""Columns of a label beside a block of the update: `before W1`."""


def arrange_update(view: View, width: int, height: int) -> Arrangement:
    """The blocks of each parameter under each other, W left and b right: all layers or one."""
    n, depth = view.layers, len(view.layers) - 1
    every = tuple(range(1, depth + 1))
    cell = cell_width(view.decimals)
    most = (width - 2 * LABEL - 2 - cell) // cell
    both = most > 0  # else there is room for one of them: the step's own
    most = max(1, most if both else (width - LABEL) // cell)
    tall = max(len(blocks_of(view, f"{letter}{layer}")) for letter in "Wb" for layer in every)
    divided = _update_division(n, tall, height, _most_apart(view))
    whole = divided is not None and max(n[:-1]) <= most
    if divided is None or not whole or (len(divided[0]) > 1 and not view.roomy):
        whole, divided = False, ((range(view.layer, view.layer + 1),), 1)
    parts, apart = divided
    layers = next(tuple(part) for part in parts if view.layer in part)
    weights = min(max(n[layer - 1] for layer in layers), most)
    lines = max(1, max(n) if whole else (height - 1) // tall)
    if view.maximised or view.roomy:
        cell += max(0, min(6, (width - 2 * LABEL - 2) // (weights + 1) - cell))
    placed: list[Placed] = []
    top, remark = 0, ""
    for layer in layers:
        row, column = view.scroll.get(layer, (0, 0))
        row, column, _ = _following(view, layer, row, column, lines, weights)
        row = max(0, min(row, n[layer] - lines))
        column = max(0, min(column, n[layer - 1] - weights))
        rows = range(row, min(n[layer], row + lines))
        columns = range(column, min(n[layer - 1], column + weights))
        right = LABEL + weights * cell
        blocks = [("W", right, columns), ("b", right + 2 + LABEL + cell, ONE)]
        if not both:
            cursor = view.inspection.cursor or view.cell
            biased = cursor is not None and "b" in cursor.symbol
            blocks = [("b", LABEL + cell, ONE)] if biased else blocks[:1]
        for letter, edge, shown in blocks:
            name = f"{letter}{layer}"
            for k, (part, symbol, label) in enumerate(blocks_of(view, name)):
                y = top + k * len(rows) * apart
                placed.append(Placed(symbol, edge, y, rows, shown, cell, label, part, name))
        top += tall * len(rows) * apart + 1
        remark = _remark(rows, n[layer], columns, n[layer - 1])
    card = [symbol for letter in "Wb" for _, symbol, _ in blocks_of(view, f"{letter}{view.layer}")]
    named = tuple(dict.fromkeys(filter(None, card))) if not both else ()
    moved = _centred(view, max(one.right for one in placed), cell, width)
    return Arrangement(_spread(placed, apart, moved), (), layers, remark, named)


@lru_cache(maxsize=256)
def _update_division(n: tuple[int, ...], tall: int, height: int, apart: int) -> Division | None:
    """As few parts of the layers as fit, each parameter in `tall` blocks of its rows."""

    def fits(part: range, by: int) -> bool:
        others = len(part) < len(n) - 1
        return tall * by * sum(n[layer] for layer in part) + len(part) - 1 + others <= height

    return _divided(len(n) - 1, apart, fits)


ONE = range(1)
SIGNS = f" ▸•✓✗≠{EDITED}{CHANGED}"
"""What may stand before a number in its cell."""


def blocks_of(view: View, parameter: str) -> list[tuple[str, str, str]]:
    """What the update of a parameter shows, downwards: the part, the symbol, the label of each.

    Plain gradient descent is a subtraction: before, what is taken away, after. An optimizer's
    running means stand in between, each a block of its own.
    """
    program, slope = view.state.program, f"d{parameter}"
    if parameter not in program.positions:
        return [("before", parameter, f"{parameter} frozen")]
    own = [s for s in program.steps if s.phase == "update" and s.symbol.endswith(slope)]
    step = program.steps[program.index(parameter)]
    taken = text(step.expression.right) if isinstance(step.expression, Diff) else ""
    label = f"minus {taken.replace(' ', '')}"
    label = label if len(label) < LABEL else "minus step"
    return [
        ("before", parameter, f"before {parameter}"),
        *([("slope", slope, slope)] if own else []),
        *(("made", s.symbol, s.symbol) for s in own),
        ("taken", "" if own else slope, label),
        ("after", parameter, f"after  {parameter}"),
    ]


def _remark(rows: range, of_rows: int, columns: range, of_columns: int) -> str:
    """Which rows and columns are shown, where not all are."""
    return ", ".join(
        f"{what} {shown[0] + 1}/{of}"
        if len(shown) == 1
        else f"{what}s {shown[0] + 1}–{shown[-1] + 1}/{of}"
        for what, shown, of in (("row", rows, of_rows), ("col", columns, of_columns))
        if len(shown) < of
    )


def _following(
    view: View, layer: int, row: int, column: int, lines: int, wide: int
) -> tuple[int, int, int]:
    """The window's first row and column, and the first row of A[l-1], with `followed` in sight.

    Column j of W belongs to row j of A[l-1]: what follows the one follows the other.
    """
    cell, before = view.followed, column
    if cell is not None:
        own, at, across = cell.symbol.removeprefix("d"), cell.row - 1, cell.column - 1
        if own in ("X", f"A{layer - 1}"):
            across = at
        else:
            row = _in_sight(at, row, lines)
        if own in ("X", f"A{layer - 1}", f"W{layer}"):
            column, before = _in_sight(across, column, wide), _in_sight(across, before, lines)
    return row, column, before


def _in_sight(at: int, first: int, shown: int) -> int:
    """The first of `shown` lines from `first` on, moved as little as brings `at` among them."""
    return max(at - shown + 1, min(first, at))


def _layer(
    view: View,
    l: int,  # noqa: E741
    at: Columns,
    top: int,
    ins: range,
    rows: range,
    *,
    named: bool = False,
    befores: range | None = None,
) -> list[Placed]:
    """A layer's own matrices; what it reads is `named` by an arrow where it stands above."""
    example = range(view.column, view.column + 1)
    before = "X" if l == 1 else f"A{l - 1}"

    def column(symbol: str, right: int, shown: range = rows) -> Placed:
        return Placed(symbol, right, top, shown, example, at.cell, symbol)

    placed = [
        replace(
            column(before, at.before, range(0) if named else (befores or ins)),
            label=f"{before} ↗" if named else before,
        ),
        Placed(f"W{l}", at.W, top, rows, ins, at.cell, f"W{l}"),
        Placed(f"b{l}", at.b, top, rows, range(1), at.cell, f"b{l}"),
        column(f"Z{l}", at.Z),
        column(f"A{l}", at.A),
    ]
    if l == len(view.layers) - 1:
        placed.append(column("Y", at.Y))
    return placed


def _slopes(cache: list[Placed], top: int) -> Iterator[Placed]:
    """The gradients of what stands from `top` on, each in its place; X and Y have none."""
    for placed in cache:
        if placed.top == top and placed.rows and placed.symbol not in ("X", "Y"):
            yield replace(placed, symbol=f"d{placed.symbol}", label=f"d{placed.symbol}")


def paint(canvas: Canvas, view: View, placed: Placed, down: int, power: int = 0) -> None:
    """A matrix with its label, `down` lines below its place; values times 10^−power."""
    state, symbol = view.state, placed.symbol
    stale = "stale" if state.stale(symbol) else ""
    above = placed.top + down - 1
    canvas.right(placed.right, above, placed.label, f"label {view.symbol_mark(symbol) or stale}")
    values, known = view.value(symbol), state.revealed(symbol)
    for k, i in enumerate(placed.rows):
        y = placed.line(k) + down
        for x, j in enumerate(placed.columns, 1):
            end = placed.left + x * placed.cell
            hidden = values is None or (known is not None and i * values.shape[1] + j >= known)
            number = None if values is None or hidden else float(values[i, j]) * 10.0**-power
            place = view.place_of(symbol, i, j)
            mark = view.mark(place)
            waits = hidden and view.waits(symbol, i, j)
            looks = f"wrong {stale}".strip() if not hidden and view.is_wrong(place) else stale
            sign = "" if hidden else view.sign(symbol, i, j)
            start = paint_cell(canvas, end, y, number, view, placed.cell, mark, looks, waits, sign)
            untold = not (mark or hidden or looks or sign)
            printed = view.published(place) if untold else None
            if printed is not None:
                canvas.put(start - 1, y, *printed_sign(printed))


def paint_all(canvas: Canvas, view: View, placed: Sequence[Placed], power: int = 0) -> None:
    """Matrices under a rule."""
    for one in placed:
        paint(canvas, view, one, 1, power)


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
) -> int:
    """One number that ends before column `end`; `▸` before what is written, `•` what is read,
    `sign` instead where an edit is to be told.

    A wrong one has a `✗` instead, but for one in hand: its panel says so.

    What is not computed yet (None) is a `·`: not the same as zero. What is asked for is a `?`.
    """
    if number is None and waits:
        start = canvas.right(end, y, "?", "target")
    elif number is None:
        start = canvas.right(end, y, "·", "uncomputed")
        mark = mark if view.inspection.place else ""
    else:
        written = fixed(number, view.decimals, cell_width(view.decimals) - 1)
        start = canvas.right(end, y, written, f"{ink(number)} {mark} {looks}".strip())
    if "wrong" in looks and not (mark == "target" and view.in_hand):
        canvas.put(start - 1, y, "✗", "crossed")  # not reversed: it keeps numbers apart
    elif sign or mark:
        canvas.put(start - 1, y, sign or ("▸" if mark == "target" else "•"), "mark")
    return start


def printed_sign(printed: Comparison) -> tuple[str, str]:
    """`✓` beside a number that equals the figure printed, `✗` where it does not, with its looks."""
    if printed.wrong is not None:
        return "≠", "quiet"  # the source is known to be wrong here
    return ("✗", "crossed") if printed.failed else ("✓", "quiet")


def paint_cursor(canvas: Canvas, view: View, placed: Placed) -> None:
    """Brackets around the cell looked at, under a rule: tight, with its mark between them.

    Where a number leaves no column before it, the mark gives way: how the number looks says it too.
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
        if end == canvas.width and canvas.blanks(begin, end, y, SIGNS) > 1:
            canvas.shift(begin, end, y)  # there is no column behind it
            blanks, end = blanks - 1, end - 1
        canvas.put(begin + max(0, blanks - 1), y, "[", "cursor")
        canvas.put(end, y, "]", "cursor")


def shown_values(view: View, placed: tuple[Placed, ...]) -> list[Array]:
    """What this iteration gives for each matrix placed, computed already or not."""
    found = []
    for p in placed:
        if p.symbol in view.state.program.positions and p.rows:
            found.append(view.state.result(p.symbol)[np.ix_(p.rows, p.columns)])
    return found
