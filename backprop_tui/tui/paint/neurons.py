"""A dense network drawn: a node for each neuron, an edge for each weight.

Edges are braille, finer than characters: blue plus, orange minus and dashed. Where all would be a
fog, those of the number that the step explains are drawn, and the strongest of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from backprop_tui.maths.numbers import beside, cell_width, ink, number, signed
from backprop_tui.session.view import ENTERS, View
from backprop_tui.tui.paint.canvas import BRAILLE, DOTS, Canvas, shortened
from backprop_tui.tui.paint.cells import (
    WRONG,
    mark_of,
    number_at,
    paint_cell,
    strongest,
    with_gradients,
)
from backprop_tui.tui.paint.predictions import beside_target, outputs

FOLDED = 4
"""Nodes that are drawn of a layer that is too large."""
FOG = 1.5
"""Edges into a layer for each line of the drawing, beyond which none can be followed; then as many
are drawn as there are lines."""
MOST_HIDDEN, BETWEEN = 6, 2
"""Characters of other edges that a number on an edge may hide, on its own line half as many; and
the least free columns between two numbers."""
LABEL, CLEAR = 6, 4
"""Columns of a number over a node, and the least columns between such numbers and the next layer's
nodes for edges to keep clear of them, on a large screen."""


@dataclass(frozen=True)
class Column:
    """A layer of nodes: their column, their lines, and how many are not drawn."""

    layer: int
    x: int
    lines: tuple[int, ...]
    more: int
    end: int
    """The column behind the numbers over the nodes."""
    covered: range
    """The columns that edges avoid, because the numbers would hide them."""


def neurons(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw neurons as nodes and weights as edges: blue plus, orange minus and dashed."""
    first, last = top + 1, bottom - 2  # a line of labels above, target and loss below
    spacing = (canvas.width - 7) / (view.program.dense.depth)
    if last - first < 2:
        return  # too low to draw in
    labelled = spacing >= 7 and 2 * max(view.program.dense.layers) <= last - first
    if not labelled:
        spacing = (canvas.width - 6) / (view.program.dense.depth)
    between = _between(canvas.width, view.program.dense.depth)
    clear = view.roomy and labelled and between >= CLEAR
    columns = []
    for layer in range(view.program.dense.depth + 1):
        x = _clear_of_numbers(layer, between) if clear else 3 + round(layer * spacing)
        end = x + (3 if not clear else LABEL if layer else 1)
        covered = range(end - LABEL - 1, end + 1) if clear else range(0)
        columns.append(_column(view, layer, x, first, last, labelled, end, covered))
    for left, right in pairwise(columns):
        _edges(canvas, view, left, right, first, last)
    if clear:
        written = [_weights(canvas, view, *pair) for pair in pairwise(columns)]
        if said := _on_the_edges(view, list(filter(None, written))):
            room = canvas.blanks(canvas.width - len(said) - 2, canvas.width, bottom - 2)
            if room > len(said):
                canvas.right(canvas.width, bottom - 2, said, "quiet")
    for column in columns:
        width = LABEL if clear else int(min(spacing - 1, column.x + 3))
        _nodes(canvas, view, column, top, labelled, width)
    _target_and_loss(canvas, view, bottom - 1)


def _between(width: int, depth: int) -> float:
    """Return the columns from the numbers over a layer to the nodes of the next one."""
    return (width - 2 * LABEL - 3 - (depth - 1) * (LABEL + 2)) / depth


def _clear_of_numbers(layer: int, between: float) -> int:
    """Return the column of a layer's nodes: numbers stand left of inputs, right of the others."""
    return LABEL + 2 + round(layer * between) + (layer - 1) * (LABEL + 2) if layer else LABEL - 1


def _column(
    view: View,
    layer: int,
    x: int,
    first: int,
    last: int,
    labelled: bool,
    end: int,
    covered: range,
) -> Column:
    room, n, tall = last - first, view.program.dense.layers[layer], 2 if labelled else 1
    shown = n if n * tall <= room else max(1, min(FOLDED, room - 2))
    most = min(max(view.program.dense.layers), room // tall)
    gap = max(2, (room - tall) / max(most - 1, 2)) if tall == 2 else room / max(most, 1)
    if shown < n:
        gap = (room - 2) / max(1, shown)
    begin = first + (room - tall - gap * (shown - 1)) / 2
    lines = tuple(int(begin + k * gap + 0.5) + tall - 1 for k in range(shown))
    return Column(layer, x, lines, n - shown, end, covered)


def _edges(canvas: Canvas, view: View, left: Column, right: Column, first: int, last: int) -> None:
    """Draw the edges into a layer, as many as can be followed, the strongest last so that they are
    visible."""
    layers = view.program.layers
    symbol = layers[right.layer - 1].weight
    if (weights := view.value(symbol)) is None:  # values are given, and nothing reads it
        return
    at = view.program.architecture.place  # where the weight from node j to node i stands
    about = with_gradients(view, symbol)
    marked = mark_of(view, *about)
    elsewhere = mark_of(view, *with_gradients(view, *(layer.weight for layer in layers)))

    edges = [(i, j) for i in range(len(right.lines)) for j in range(len(left.lines))]
    edges = [edge for edge in edges if weights[at(*edge)]]
    is_fog = len(edges) > FOG * (last - first)

    def meant(i: int, j: int) -> bool:
        """Whether an edge is marked; in a fog, whether the explained number is about it."""
        if not marked:
            return False
        mark = view.mark_in_hand if is_fog and not view.is_asked else view.mark
        return any(mark(view.place_of(s, *at(i, j))) for s in about)

    heavy = {edge for edge in edges if meant(*edge)}
    edges.sort(key=lambda edge: (edge in heavy, abs(float(weights[at(*edge)]))))
    bits: dict[tuple[int, int], int] = {}
    styles: dict[tuple[int, int], str] = {}
    for i, j in edges[first - last :] if is_fog else edges:
        weight = float(weights[at(i, j)])
        look = " strong" if (i, j) in heavy else " faint" if elsewhere else ""
        line = _line(left, right, i, j, weight < 0)
        for place, dots in line.items():
            bits[place] = bits.get(place, 0) | dots
        styles.update(dict.fromkeys(line, ink(weight) + look))
    for (x, y), dots in bits.items():
        if first <= y <= last:
            canvas.put(x, y, chr(BRAILLE + dots), styles[x, y])


def _on_the_edges(view: View, written: list[str]) -> str:
    """Say which weights stand on the edges, and which gradients below them."""
    if not written:
        return ""
    gradients = (view.program.gradient_of(symbol) for symbol in written)
    known = [own for own in gradients if own and view.value(own) is not None]
    below = f", below them {' '.join(known)}" if known else ""
    return f"on the edges: {' '.join(written)}{below}"


def _weights(canvas: Canvas, view: View, left: Column, right: Column) -> str:
    """Write each weight of a layer on its edge, its gradient below, where each has a place of its
    own; return the symbol of those written."""
    symbol = view.program.layers[right.layer - 1].weight
    gradient, cell = view.program.gradient_of(symbol), cell_width(view.decimals)
    shown = [own for own in (symbol, gradient) if own]
    if left.more or right.more or view.value(symbol) is None:
        return ""
    places = _on_edges(left, right, cell, len(shown))
    for edge, (end, y) in places.items():
        at = view.program.architecture.place(*edge)
        for line, own in enumerate(shown, y):
            values, place, waits = view.value(own), view.place_of(own, *at), view.waits(own, *at)
            if values is not None or waits:
                number = None if values is None or waits else float(values[at])
                looks = "stale" if view.state.stale(own) else ""
                wrong = "" if number is None else view.wrong(place)
                canvas.put(end - cell, line, " " * (cell + 1))
                known = canvas, end, line, number, view, cell, view.mark(place), looks, waits
                paint_cell(*known, wrong=wrong)
    return symbol if places else ""


@lru_cache(maxsize=64)
def _on_edges(
    left: Column, right: Column, cell: int, tall: int
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return for each edge the column behind its number, and the first of its `tall` lines: where
    it hides least of other edges, near the middle; none at all where one edge has no place."""
    edges = [(i, j) for i in range(len(right.lines)) for j in range(len(left.lines))]
    drawn = {edge: _line(left, right, *edge, False) for edge in edges}
    taken = {
        (x, y)
        for side in (left, right)
        for line in side.lines
        for y in (line - 1, line)
        for x in (*side.covered, side.x)
    }
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for edge in edges:
        others = {at for other in edges if other != edge for at in drawn[other]}
        ways = []
        for x, y in drawn[edge]:
            end = x + (cell + 1) // 2
            box = {(a, b) for b in range(y, y + tall) for a in range(end - cell, end + 1)}
            if left.covered.stop <= end - cell and end < right.covered.start and not box & taken:
                hidden = len(others & box) + sum(at[1] == y for at in others & box)
                ways.append((hidden, abs(2 * x - left.x - right.x), end, y))
        hidden, _, end, y = min(ways, default=(MOST_HIDDEN + 1, 0, 0, 0))
        if hidden > MOST_HIDDEN:
            return {}
        found[edge] = end, y
        across = range(end - cell - BETWEEN, end + 1 + BETWEEN)
        taken |= {(a, b) for b in range(y - 1, y + tall + 1) for a in across}
    return found


@lru_cache(maxsize=1024)  # the same edges are drawn at every key
def _line(left: Column, right: Column, i: int, j: int, dashed: bool) -> dict[tuple[int, int], int]:
    """Return the dots of the edge from node `j` to node `i`, by the character they belong to.

    The edge is straight; where a number would hide a part of it, it is level beside the numbers.
    """
    begin, end = 2 * left.x + 2, 2 * right.x - 1
    behind, before = 2 * left.covered.stop, 2 * right.covered.start - 1
    high, low = 4 * left.lines[j] + 1, 4 * right.lines[i] + 1
    numbers = {(x, y - 1) for side in (left, right) for y in side.lines for x in side.covered}
    for ways in ((begin, end), (behind, end), (begin, before), (behind, before)):
        dots = _dots(begin, *ways, end, high, low)
        if numbers.isdisjoint((x // 2, y // 4) for x, y in dots):
            break
    found: dict[tuple[int, int], int] = {}
    for k, (x, y) in enumerate(dots):
        if dashed and k % 6 in (3, 4):
            continue
        place = (x // 2, y // 4)
        found[place] = found.get(place, 0) | DOTS[y % 4][x % 2]
    return found


def _dots(begin: int, x0: int, x1: int, end: int, high: int, low: int) -> list[tuple[int, int]]:
    """A line from dot to dot: from `high` to `low` between x0 and x1, level before and behind."""
    steps = max(abs(x1 - x0), abs(low - high), 1)
    return [
        *((x, high) for x in range(begin, x0)),
        *(
            (round(x0 + (x1 - x0) * k / steps), round(high + (low - high) * k / steps))
            for k in range(steps + 1)
        ),
        *((x, low) for x in range(x1 + 1, end + 1)),
    ]


def _nodes(
    canvas: Canvas, view: View, column: Column, top: int, labelled: bool, width: int
) -> None:
    """Draw a layer's nodes, its name above, and its values where there is room."""
    layers = view.program.layers
    names, biases = [layers[0].below], []
    if column.layer:
        own = layers[column.layer - 1]
        names = [own.activation, own.affine]
        biases = [own.bias] if own.bias in view.program.roles else []
    name = next((s for s in names if view.value(s) is not None), names[0])
    values, known = view.value(name), view.state.revealed(name)
    about = with_gradients(view, *names, *biases)
    end = column.end
    # As on the boards: A2 is read where dZ2 = A2 − Y is written at its node.
    canvas.right(end, top, name, f"label {mark_of(view, name) or mark_of(view, *about)}")
    stale = " stale" if view.state.stale(name) else ""
    for k, y in enumerate(column.lines):
        marked = strongest(view.cell_mark(s, *view.entry(s, k)) for s in about)
        at = view.entry(name, k)
        canvas.put(column.x, y, "?" if _waits(view, about, k) else "●", marked or "strong")
        if labelled:
            value = number_at(values, known, *at)
            waits = view.waits(name, *at)
            written = "·" if value is None else shown(value, view, name, width)
            style = "uncomputed" if value is None else f"{ink(value)}{stale}"
            wrong = "" if value is None else view.wrong(view.place_of(name, *at))
            if wrong:
                style = f"{WRONG[wrong]}{stale}"
            if waits:
                written, style = "?", "target"
            start = canvas.right(end, y - 1, written.rjust(min(width, 6)), style)
            # An edge that touched a number would read as a digit.
            looks = "crossed" if wrong == ENTERS else WRONG.get(wrong, "")
            for beside in (start - 1, end):
                canvas.put(beside, y - 1, " ")
            canvas.put(end - len(written) - 1, y - 1, wrong, looks)
    if column.more:
        more, last = f"+{column.more}", column.layer == view.program.dense.depth
        if last and canvas.width - len(f"{more} more") > column.x - width + len(more) - 2:
            more += " more"  # where it does not reach the count of the layer before
        x = min(max(0, column.x - 1), canvas.width - len(more))
        canvas.put(x, min(column.lines[-1] + 2, canvas.height - 2), more, "quiet")


def _waits(view: View, about: Iterable[str], neuron: int) -> bool:
    """Whether a number of a neuron (counted from 0) is asked for."""
    if view.unrevealed and view.step and view.step.symbol in about:
        return True
    asked = view.asking.cell if view.asking and view.asking.asks_for_a_cell else None
    place = view.program.architecture.place
    return (
        asked is not None
        and asked.symbol in about
        and place(asked.row, asked.column)[0] == neuron + 1
    )


def shown(value: float, view: View, symbol: str, width: int) -> str:
    """A number of a matrix, as it is written beside a node."""
    return beside(value, view.limit(symbol), min(view.decimals, 4), width)


def _target_and_loss(canvas: Canvas, view: View, y: int) -> None:
    """Write the target of the shown example, or its class, beside it what is predicted where there
    is room, and its loss, once they are known."""
    target, own = view.program.targets[0], view.program.loss
    loss, about_target, about_loss = view.value(own), mark_of(view, target), mark_of(view, own)
    known = (
        "" if loss is None else f"{own} {number(float(loss[view.entry(own, 0)]), view.decimals)}"
    )
    if classes := beside_target(view, canvas.width - 1):
        x = canvas.put(1, y, classes, about_target)
        if known and x + 2 + len(known) <= canvas.width:
            canvas.right(canvas.width, y, known, about_loss)
        return
    Y, A, output = view.value(target), outputs(view), view.program.output
    columns = None if Y is None else Y if view.program.axis else Y.T
    wanted = [] if columns is None else [signed(f"{v:zg}") for v in columns[:, view.column]]
    written = f"y {' '.join(wanted)}" if wanted else ""
    given = [] if A is None else [shown(v, view, output, LABEL) for v in A[:, view.column].tolist()]
    predicted = f"ŷ {' '.join(given)}" if given else ""
    room = canvas.width - 1 - (len(known) + 1 if known else 0)
    x = canvas.put(1, y, shortened(written, room), about_target)
    if written and predicted and x + 1 + len(predicted) <= room:
        x = canvas.put(x + 1, y, predicted, mark_of(view, output))
    if known:
        at = min(max(x + 2, 12), canvas.width - len(known))
        canvas.put(at, y, known, about_loss)
