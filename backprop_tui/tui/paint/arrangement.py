"""Where matrices stand in the Cache, and their gradients in the Gradients panel.

Each layer is a row of columns, A[l-1] W b Z A (Y), and its gradients stand in the same columns,
each exactly under its value. Where the layers do not all fit, one layer's card is shown (on a large
screen as many as fit), and of matrices that are too large a window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from backprop_tui.maths.numbers import cell_width
from backprop_tui.model.layers import Layer
from backprop_tui.session.view import View


@dataclass(frozen=True)
class Columns:
    """Where the matrices of a layer end: their right edges, the same for Cache and Gradients."""

    cell: int
    """The width of a number."""
    weights: int
    """How many columns of the weights are shown."""
    gap: int
    """The columns at either side of the weights."""

    @property
    def edges(self) -> tuple[int, ...]:
        """The right edges of what is read, of W, b, Z and A, and of the targets."""
        cell, gap = self.cell, self.gap
        return tuple(accumulate((cell, gap + self.weights * cell, gap + cell, cell, cell, cell)))

    def right(self, target: bool) -> int:
        """Return where the last column ends, with the targets or without."""
        return self.edges[-1 if target else -2]


@dataclass(frozen=True)
class Placed:
    """A matrix or a window onto it: some rows and columns, with their right top at (right, top).

    The label stands above, right-aligned; of a matrix without rows only the label is shown.
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
    """In the update: the parameter whose update it shows."""
    apart: int = 1
    """Lines from one row to the next."""

    def line(self, k: int) -> int:
        """Return the line of the `k`th row shown, counted from 0."""
        return self.top + k * self.apart

    @property
    def left(self) -> int:
        return self.right - self.cell * len(self.columns)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Return the row and column (from 0) of the cell drawn at a place; None where none is."""
        row, between = divmod(y - self.top, self.apart)
        if between or not (self.left <= x < self.right and 0 <= row < len(self.rows)):
            return None
        return self.rows[row], self.columns[(x - self.left) // self.cell]


@dataclass(frozen=True)
class Arrangement:
    """The matrices that are shown in the Cache, and in the Gradients under it."""

    cache: tuple[Placed, ...]
    gradients: tuple[Placed, ...]
    layers: tuple[int, ...]
    """The layers that are shown."""
    remark: str
    """Which rows and columns of the weights are shown, where not all are."""
    card: tuple[str, ...] = ()
    """The matrices of a single layer, including those for which there is no room."""

    @property
    def left_out(self) -> list[str]:
        """The matrices of the single layer for which there is no room."""
        shown = {placed.symbol for placed in self.cache}
        return [symbol for symbol in self.card if symbol not in shown]

    @property
    def whole(self) -> bool:
        """Whether several layers are shown, from the first on."""
        return self.layers[0] == 1 and len(self.layers) > 1


def arrange(view: View, width: int, height: int) -> Arrangement:
    """Arrange as many layers as fit in `height` lines of either panel, else one layer's card."""
    if not view.program.layers:
        return _flow(view, width, height)
    n = view.sizes
    parted = division(n, height, most_apart(view))
    columns = _columns(view, max(n[:-1]), width)
    if columns is None or parted is None or (len(parted[0]) > 1 and not view.roomy):
        return _card(view, width, height)
    parts, apart = parted
    shown = next(part for part in parts if view.layer in part)
    heights = [1 + _rows(n, shown, number, apart) for number in shown]
    spare = height - sum(heights) - (len(parts) > 1)
    air = min(apart, spare // max(1, len(shown) - 1))
    cache: list[Placed] = []
    top = 1
    for number, tall in zip(shown, heights, strict=True):
        layer = view.program.layers[number - 1]
        whole = MatrixWindow(range(layer.neurons), range(layer.reads), range(layer.reads))
        cache += _matrices(view, layer, columns, top, whole, above=number > shown[0])
        top += tall + air
    moved = centred(view, columns.right(target=True), columns.cell, width)
    slopes = shifted(_gradients(view, cache), apart, moved)
    return Arrangement(shifted(cache, apart, moved), slopes, tuple(shown), "")


Division = tuple[tuple[range, ...], int]
"""The layers in parts that are shown one at a time, and the lines from row to row."""


@lru_cache(maxsize=256)  # asked for at every key
def division(n: tuple[int, ...], height: int, apart: int) -> Division | None:
    """Divide the layers into as few parts as fit in `height` lines each, their rows at most `apart`
    lines from each other; None where a single layer does not fit."""
    return divided(len(n) - 1, apart, lambda part, by: lines_of(n, part, by) <= height)


def divided(depth: int, apart: int, fits: Callable[[range, int], bool]) -> Division | None:
    """Divide layers into as few parts as fit; `fits` judges a part with that many lines from row to
    row. None where a single layer does not fit."""
    for count in range(1, depth + 1):
        each = -(-depth // count)
        starts = range(1, depth + 1, each)
        parts = tuple(range(first, min(first + each, depth + 1)) for first in starts)
        for by in range(apart, 0, -1):
            if all(fits(part, by) for part in parts):
                return parts, by
    return None


def lines_of(n: tuple[int, ...], layers: range, apart: int, *, airy: bool = False) -> int:
    """Return the lines that some layers take, at least or well apart (`airy`); where they are not
    all layers, with one that names the others."""
    others = len(layers) < len(n) - 1
    between = apart if airy else max(apart - 1, int(others))
    cards = sum(1 + _rows(n, layers, layer, apart) for layer in layers)
    return cards + between * (len(layers) - 1) + others


def _rows(n: tuple[int, ...], layers: range, layer: int, apart: int) -> int:
    """Return the lines of a layer's rows; beside the first shown layer stands what it reads."""
    beside = n[layer - 1] if layer == layers[0] else 0
    return 1 + (max(n[layer], beside) - 1) * apart


MOST_APART = 3
"""Lines from row to row at most."""


def board_lines(n: tuple[int, ...], room: int) -> int:
    """Return the lines that a board takes of `room` on a large screen, with its rule."""
    divided = division(n, room - 1, MOST_APART)
    if divided is None:
        return room  # a window onto what does not fit
    parts, apart = divided
    return min(room, 2 + max(lines_of(n, part, apart, airy=True) for part in parts))


SPACIOUS = ((8, 6), (6, 5), (4, 4))
"""How much wider cells are and how far apart matrices stand where there is room, widest first."""


def _columns(view: View, weights: int, width: int, target: bool = True) -> Columns | None:
    """Return the widest columns with that many weights, with targets or without; None: none fit."""
    least = cell_width(view.decimals)
    spacious = SPACIOUS if view.maximised or view.roomy else ()
    for more, gap in (*spacious, (2, 3), (1, 2), (0, 2), (0, 1)):
        cell = least + more
        columns = Columns(cell, weights, gap)
        if columns.right(target) <= width:
            return columns
    return None


def most_apart(view: View) -> int:
    """Return the most lines from row to row: more in a maximised panel and on a large screen."""
    return MOST_APART if view.roomy else 2 if view.maximised else 1


def centred(view: View, right: int, cell: int, width: int) -> int:
    """Columns to shift so that content of width `right` is centred on a large board."""
    beyond = width - right - (cell - cell_width(view.decimals))  # the first cell's own margin
    return max(0, beyond // 2) if view.roomy else 0


def shifted(placed: Iterable[Placed], apart: int, moved: int = 0) -> tuple[Placed, ...]:
    """Move matrices to the right, and set the lines from one of their rows to the next."""
    return tuple(replace(one, apart=apart, right=one.right + moved) for one in placed)


def _flow(view: View, width: int, height: int) -> Arrangement:
    """Arrange what the step reads and writes beside each other, then the rest of its group: what a
    program that is no dense network shows."""
    program, cell = view.program, cell_width(view.decimals)
    given = [s for s in program.roles if program.roles[s].kind not in ("gradient", "mean", "loss")]
    values = [s for s in (*program.given, *program.positions) if s in given]
    near = {
        s: max(2 * view.concerns(s), 2 * view.concerns(program.gradient_of(s) or ""))
        + (program.roles[s].group in (view.layer, None))
        for s in dict.fromkeys(values)
    }
    shapes, right, top, tall = view.state.shapes, 0, 0, 0
    placed, left_out = list[Placed](), list[str]()
    for symbol in sorted((s for s in near if near[s]), key=lambda s: -near[s]):
        rows, columns = shapes[symbol]
        of_each = symbol in program.per_example
        shown = range(view.column, view.column + 1) if of_each else range(columns)
        shown = shown[: max(1, (width - 1) // cell)]
        wide = max(len(shown) * cell, len(symbol) + 1)
        if right + 1 + wide > width and right:
            right, top, tall = 0, top + tall, 0
        window = range(min(rows, height - top - 1))
        if not window:
            left_out.append(symbol)
            continue
        right += 1 + wide
        tall = max(tall, len(window) + 1)
        placed.append(Placed(symbol, right, top + 1, window, shown, cell, symbol))
    card = (*(one.symbol for one in placed), *left_out)
    group = (min(view.layer, max(program.groups)),)
    return Arrangement(tuple(placed), tuple(_gradients(view, placed)), group, "", card)


def _card(view: View, width: int, height: int) -> Arrangement:
    """Arrange the current layer alone, with a window onto what does not fit."""
    program = view.program
    layer = program.layers[view.layer - 1]
    lines = max(1, height - 2)  # a line for labels, one for the neighbours
    sparse = view.roomy and _is_sparse(layer, lines)
    lines = (lines + 1) // 2 if sparse else lines
    cell = cell_width(view.decimals) + (2 if sparse else 0)
    bare = Columns(cell, 0, 1)
    # The targets give their place to the weights, unless the step reads them.
    fits = bare.right(target=True) + layer.reads * cell <= width
    target = layer == program.layers[-1] and (fits or view.concerns(program.targets[0]) > 0)
    most = max(1, (width - bare.right(target)) // cell)
    columns = _columns(view, min(layer.reads, most), width, target) or Columns(cell, 1, 1)
    window = MatrixWindow.onto(view, layer, lines, columns.weights)
    every = _matrices(view, layer, columns, 1, window)
    cache = _fitting(view, every, width)
    if all(one.symbol != layer.weight for one in cache):
        window = replace(window, columns=range(layer.reads))  # of which there is nothing to say
    tall = max(len(window.rows), len(window.before))
    ways = range(most_apart(view), 1, -1)
    apart = next((by for by in ways if 1 + (tall - 1) * by <= height - 2), 1)
    right = max((placed.right for placed in cache), default=width)
    moved = centred(view, right, columns.cell, width)
    return Arrangement(
        shifted(cache, apart, moved),
        shifted(_gradients(view, cache), apart, moved),
        (layer.number,),
        window.remark(layer),
        tuple(placed.symbol for placed in every),
    )


def _fitting(view: View, placed: list[Placed], width: int) -> list[Placed]:
    """As many matrices of a card as fit beside each other.

    What matters least to the step is left out first, from the right; what stands right of it moves
    to its place.
    """
    kept = list(placed)
    while kept and kept[-1].right > width:
        matter = [
            max(view.concerns(symbol) for symbol in (one.symbol, _gradient(view, one)) if symbol)
            for one in kept
        ]
        last, least = len(kept) - 1, min(matter)
        gone = last if matter[last] == least else matter.index(least)
        if gone < last:
            by = kept[gone + 1].left - kept[gone].left
            kept[gone + 1 :] = [replace(one, right=one.right - by) for one in kept[gone + 1 :]]
        del kept[gone]
    return kept


FEW = 16
"""Lines that a window must have before blank lines are put between its rows."""


def _is_sparse(layer: Layer, lines: int) -> bool:
    """Whether a window shows so little of its matrices that blank lines between the rows hide no
    matrix that would be shown whole without them."""
    half, sizes = (lines + 1) // 2, (layer.reads, layer.neurons)
    return lines >= FEW and all(rows > 2 * lines or rows <= half for rows in sizes)


@dataclass(frozen=True)
class MatrixWindow:
    """The rows and columns of W that are shown of a layer, and the rows of what the layer reads."""

    rows: range
    columns: range
    before: range

    @staticmethod
    def onto(view: View, layer: Layer, lines: int, wide: int) -> MatrixWindow:
        """Return the window of `lines` rows and `wide` columns of W to which the layer is scrolled,
        moved as little as brings the followed cell into it."""
        row, column = view.scroll.get(layer.number, (0, 0))
        before = column
        if (cell := view.followed) is not None:
            at, across = cell.row - 1, cell.column - 1
            role = view.program.roles.get(cell.symbol)
            place = (role.part, role.group) if role else None
            # Column j of W belongs to row j of A[l-1]: what follows the one follows the other.
            if read := place == ("activation", layer.number - 1):
                across = at
            else:
                row = _in_sight(at, row, lines)
            if read or place == ("weight", layer.number):
                column, before = _in_sight(across, column, wide), _in_sight(across, before, lines)
        return MatrixWindow(
            _shown(row, lines, layer.neurons),
            _shown(column, wide, layer.reads),
            _shown(before, lines, layer.reads),
        )

    def remark(self, layer: Layer) -> str:
        """Say which rows and columns of W are shown; nothing where all are."""
        return ", ".join(
            f"{what} {shown[0] + 1}/{of}"
            if len(shown) == 1
            else f"{what}s {shown[0] + 1}–{shown[-1] + 1}/{of}"
            for what, shown, of in (
                ("row", self.rows, layer.neurons),
                ("col", self.columns, layer.reads),
            )
            if len(shown) < of
        )


def _in_sight(at: int, first: int, shown: int) -> int:
    """Return the first of `shown` lines, moved as little from `first` as brings `at` among them."""
    return max(at - shown + 1, min(first, at))


def _shown(first: int, count: int, of: int) -> range:
    """Return `count` of `of` rows, from `first` on or as near to it as there are rows."""
    first = max(0, min(first, of - count))
    return range(first, min(of, first + count))


def _matrices(
    view: View,
    layer: Layer,
    at: Columns,
    top: int,
    window: MatrixWindow,
    *,
    above: bool = False,
) -> list[Placed]:
    """Place a layer's matrices beside each other; of what stands `above` already, only a label."""
    example = range(view.column, view.column + 1)

    def column(symbol: str, right: int, rows: range = window.rows) -> Placed:
        return Placed(symbol, right, top, rows, example, at.cell, symbol)

    below, weight, bias, affine, activation, target = at.edges
    weights = replace(column(layer.weight, weight), columns=window.columns)
    before = column(layer.below, below, range(0) if above else window.before)
    if above:
        label = f"{layer.below} (above)"
        label = label if len(label) < weight - len(layer.weight) else f"↑ {layer.below}"
        before = replace(before, label=label, right=max(below, len(label)))
    placed = [
        before,
        weights,
        replace(column(layer.bias, bias), columns=range(1)),
        column(layer.affine, affine),
        column(layer.activation, activation),
    ]
    if layer == view.program.layers[-1]:
        placed.append(column(view.program.targets[0], target))
    return placed


def _gradients(view: View, cache: Iterable[Placed]) -> Iterator[Placed]:
    """Place the gradients of some matrices, each in the place of its value."""
    for placed in cache:
        gradient = _gradient(view, placed)
        if placed.rows and gradient is not None:
            yield replace(placed, symbol=gradient, label=gradient)


def _gradient(view: View, placed: Placed) -> str | None:
    return view.program.gradient_of(placed.symbol)
