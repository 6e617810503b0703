"""The network drawn: nodes and edges, the graph of operations, and for deep ones a bar a layer.

Each function paints a View on some lines of a Canvas. Edges are braille, finer than characters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.numbers import fixed, ink, number, signed
from backprop_tui.model.program import Program
from backprop_tui.session.view import View, hue
from backprop_tui.tui.paint.canvas import BRAILLE, DOTS, Canvas, shortened
from backprop_tui.tui.paint.predictions import beside_target, targets

FOLDED = 4
"""Nodes that are drawn of a layer that is too large."""
NARROWEST = 5
"""Columns from layer to layer below which a network is drawn as bars."""
DEEP = 10
"""Layers beyond which a network is drawn as bars, however wide the panel is."""
WIDEST, TALLEST = 2.4, 0.62
"""On a large screen the most columns for a line of a drawing, and the most lines for a column."""
GRAPH = 44
"""The most columns of the graph of operations on a large screen."""
LABEL, CLEAR = 6, 4
"""Columns of a number over a node, and the least columns between such numbers and the next layer's
nodes for edges to keep clear of them, on a large screen."""


def draw(canvas: Canvas, view: View, top: int) -> None:
    """Draw what the view asks for, from line `top` on; bars where nodes do not fit.

    On a large screen the drawing stands in the middle, with bounded proportions.
    """
    if not view.program.layers:
        return
    bottom, room = canvas.height, canvas.height - top
    width = int(min(canvas.width, WIDEST * room)) if view.roomy else canvas.width
    if view.drawing == "graph":
        kind, width = graph, min(width, GRAPH) if view.roomy else width
    else:
        depth = view.depth
        kind = bars if depth > DEEP or (width - 6) / depth < NARROWEST else nodes
    if view.roomy and kind is not bars:
        tall = int(min(room, TALLEST * width)) if kind is nodes else room
        drawn = Canvas(width, tall)
        kind(drawn, view, 0, tall)
        canvas.paste(drawn, (canvas.width - width) // 2, top + (room - tall) // 2)
    else:
        kind(canvas, view, top, bottom)


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


def nodes(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw neurons as nodes and weights as edges: blue plus, orange minus and dashed."""
    first, last = top + 1, bottom - 2  # a line of labels above, target and loss below
    spacing = (canvas.width - 7) / (view.depth)
    if last - first < 2:
        return  # too low to draw in
    labelled = spacing >= 7 and 2 * max(view.sizes) <= last - first
    if not labelled:
        spacing = (canvas.width - 6) / (view.depth)
    between = _between(canvas.width, view.depth)
    clear = view.roomy and labelled and between >= CLEAR
    columns = []
    for layer in range(view.depth + 1):
        x = _clear_of_numbers(layer, between) if clear else 3 + round(layer * spacing)
        end = x + (3 if not clear else LABEL if layer else 1)
        covered = range(end - LABEL - 1, end + 1) if clear else range(0)
        columns.append(_column(view, layer, x, first, last, labelled, end, covered))
    for left, right in pairwise(columns):
        _edges(canvas, view, left, right, first, last)
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
    room, n, tall = last - first, view.sizes[layer], 2 if labelled else 1
    shown = n if n * tall <= room else max(1, min(FOLDED, room - 2))
    most = min(max(view.sizes), room // tall)
    gap = max(2, (room - tall) / max(most - 1, 2)) if tall == 2 else room / max(most, 1)
    if shown < n:
        gap = (room - 2) / max(1, shown)
    begin = first + (room - tall - gap * (shown - 1)) / 2
    lines = tuple(int(begin + k * gap + 0.5) + tall - 1 for k in range(shown))
    return Column(layer, x, lines, n - shown, end, covered)


def _edges(canvas: Canvas, view: View, left: Column, right: Column, first: int, last: int) -> None:
    """Draw the edges into a layer, the strongest last so that they are visible."""
    layers = view.program.layers
    symbol = layers[right.layer - 1].weight
    weights = view.value(symbol)
    assert weights is not None  # a parameter always has a value
    about = with_gradients(view, symbol)
    marked = mark_of(view, *about)
    elsewhere = mark_of(view, *with_gradients(view, *(layer.weight for layer in layers)))

    def looks(i: int, j: int) -> str:
        """Return the style of an edge: strong where it is marked, faint where another one is."""
        meant = marked and strongest(view.cell_mark(s, i, j) for s in about)
        return " strong" if meant else " uncomputed" if elsewhere else ""

    edges = sorted(
        (abs(float(weights[i, j])), i, j)
        for i in range(len(right.lines))
        for j in range(len(left.lines))
        if weights[i, j]
    )
    bits: dict[tuple[int, int], int] = {}
    styles: dict[tuple[int, int], str] = {}
    for _, i, j in edges:
        weight, look = float(weights[i, j]), looks(i, j)
        line = _line(left, right, i, j, weight < 0)
        for place, dots in line.items():
            bits[place] = bits.get(place, 0) | dots
        styles.update(dict.fromkeys(line, ink(weight) + look))
    for (x, y), dots in bits.items():
        if first <= y <= last:
            canvas.put(x, y, chr(BRAILLE + dots), styles[x, y])


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
        names, biases = [own.activation, own.affine], [own.bias]
    name = next((s for s in names if view.value(s) is not None), names[0])
    values, known = view.value(name), view.state.revealed(name)
    about = with_gradients(view, *names, *biases)
    end = column.end
    # As on the boards: A2 is read where dZ2 = A2 − Y is written at its node.
    canvas.right(end, top, name, f"label {mark_of(view, name) or mark_of(view, *about)}")
    stale = " stale" if view.state.stale(name) else ""
    for k, y in enumerate(column.lines):
        marked = strongest(
            view.cell_mark(s, k, view.column if s in view.program.per_example else 0) for s in about
        )
        canvas.put(column.x, y, "?" if _waits(view, about, k) else "●", marked or "strong")
        if labelled:
            hidden = (
                known is not None
                and values is not None
                and (k * values.shape[1] + view.column >= known)
            )
            value = None if values is None or hidden else float(values[k, view.column])
            waits = view.waits(name, k, view.column)
            written = "·" if value is None else fixed(value, min(view.decimals, 4), width)
            style = "uncomputed" if value is None else f"{ink(value)}{stale}"
            if value is not None and view.is_wrong(view.place_of(name, k, view.column)):
                style = f"wrong{stale}"
            if waits:
                written, style = "?", "target"
            start = canvas.right(end, y - 1, written.rjust(min(width, 6)), style)
            for beside in (start - 1, end):  # an edge that touched a number would read as a digit
                canvas.put(beside, y - 1, " ")
    if column.more:
        more, last = f"+{column.more}", column.layer == view.depth
        if last and canvas.width - len(f"{more} more") > column.x - width + len(more) - 2:
            more += " more"  # where it does not reach the count of the layer before
        x = min(max(0, column.x - 1), canvas.width - len(more))
        canvas.put(x, min(column.lines[-1] + 2, canvas.height - 2), more, "quiet")


def _waits(view: View, about: Iterable[str], neuron: int) -> bool:
    """Whether a number of a neuron (counted from 0) is asked for."""
    asked = view.asking.cell if view.asking and view.asking.asks_for_a_cell else None
    return asked is not None and asked.symbol in about and asked.row == neuron + 1


def _target_and_loss(canvas: Canvas, view: View, y: int) -> None:
    """Write the target of the shown example, or its class, and its loss once it is known."""
    target, own = view.program.targets[0], view.program.loss
    loss, about_target, about_loss = view.value(own), mark_of(view, target), mark_of(view, own)
    known = "" if loss is None else f"{own} {number(float(loss[0, view.column]), view.decimals)}"
    if classes := beside_target(view, canvas.width - 1):
        x = canvas.put(1, y, classes, about_target)
        if known and x + 2 + len(known) <= canvas.width:
            canvas.right(canvas.width, y, known, about_loss)
        return
    shown = [signed(f"{v:g}") for v in targets(view)[:, view.column]]
    written = "y " + " ".join(shown)
    room = canvas.width - 1 - (len(known) + 1 if known else 0)
    x = canvas.put(1, y, shortened(written, room), about_target)
    if known:
        at = min(max(x + 2, 12), canvas.width - len(known))
        canvas.put(at, y, known, about_loss)


def bars(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw the largest |dW| of each layer as a bar, on a logarithmic scale."""
    state, depth = view.state, view.depth
    canvas.put(0, top, "layer  largest |dW|", "label")
    weights = enumerate((layer.weight for layer in view.program.layers), 1)
    slopes = {k: view.program.gradient_of(weight) for k, weight in weights}
    largest = {k: float(np.abs(state.result(s)).max()) for k, s in slopes.items() if s}
    powers = [math.log10(v) for v in largest.values() if v > 0 and math.isfinite(v)]
    low, high = (min(powers), max(powers)) if powers else (0.0, 1.0)
    room = max(1, canvas.width - 12)
    here, lines = view.layer, bottom - top - 1
    if lines < depth:
        lines -= 1
    above = min(depth, max(here + lines // 2, lines))
    more = (("▴", depth - above), ("▾", max(0, above - lines)))
    said = "  ".join(f"{arrow} {count} more" for arrow, count in more if count)
    if said:
        canvas.put(1, bottom - 1, said, "quiet")
    for y, layer in enumerate(range(above, max(0, above - lines), -1), top + 1):
        mark = "▸" if layer == here else " "
        canvas.put(0, y, f"{mark}{layer:>3}", "strong" if layer == here else "label")
        if layer not in largest or not state.done(slopes[layer] or ""):
            canvas.put(8, y, "·", "uncomputed")
            continue
        value = largest[layer]
        canvas.put(5, y, f"{value:.0e}", ink(value) if not math.isfinite(value) else "")
        if value > 0 and math.isfinite(value):
            share = (math.log10(value) - low) / (high - low) if high > low else 1.0
            canvas.put(11, y, "█" * max(1, round(share * room)), hue(view))


def graph(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw the operations from the inputs down to the loss, with the gradients beside them."""
    rows = list(_operations(view.program))
    lines, here = bottom - top, _row_of(view, rows)
    begin = max(0, min(here - lines // 2, len(rows) - lines))
    middle = canvas.width // 2 + 1
    for y, (down, forward, up, backward) in enumerate(rows[begin : begin + lines], top):
        _entry(canvas, view, 1, y, down, forward, "forward")
        _entry(canvas, view, middle, y, up, backward, "backward")
    if begin > 0:
        canvas.right(canvas.width, top, "⋮", "quiet")
    if begin + lines < len(rows):
        canvas.right(canvas.width, bottom - 1, "⋮", "quiet")


Operation: TypeAlias = tuple[str, tuple[str, ...], str, tuple[str, ...]]
"""A line of the graph: an arrow down and matrices, an arrow up and their gradients."""


def _operations(program: Program) -> Iterator[Operation]:
    """Yield the lines of the graph, from the inputs to what training minimises."""

    def line(*symbols: str, arrows: tuple[str, str] = ("", "")) -> Operation:
        gradients = filter(None, map(program.gradient_of, symbols))
        return arrows[0], symbols, arrows[1], tuple(gradients)

    yield line(program.layers[0].below)
    for layer, name in zip(program.layers, program.dense.activations, strict=True):
        g = ACTIVATIONS[name].symbol
        yield line(layer.weight, layer.bias, arrows=("↓ ", "↑ "))
        yield line(layer.affine)
        yield line(arrows=(f"↓ {g}", f"↑ {g}′"))
        yield line(layer.activation)
    yield line(program.targets[0], arrows=("↓ ", "↑"))
    yield line(program.loss)
    if program.objective != program.loss:
        yield line(arrows=("↓ ", "↑"))
        yield line(program.objective)


def _row_of(view: View, rows: list[Operation]) -> int:
    """Return the line on which the explained number stands."""
    symbol = view.place.symbol if view.place else rows[0][1][0]
    for k, (_, forward, _, backward) in enumerate(rows):
        if symbol in forward or symbol in backward:
            return k
    return len(rows) - 1


def _entry(
    canvas: Canvas, view: View, x: int, y: int, arrow: str, symbols: tuple[str, ...], looks: str
) -> None:
    """Write an arrow and matrices, marked, or dim until they are computed."""
    x = canvas.put(x, y, arrow, looks)
    for symbol in symbols:
        known = view.value(symbol) is not None
        mark = mark_of(view, symbol)
        style = mark or ("stale" if view.state.stale(symbol) else "" if known else "uncomputed")
        if mark:
            canvas.put(x - 1 if x > 1 else x, y, "▸" if mark == "target" else "•", "mark")
        x = canvas.put(x + (1 if not arrow and x == 0 else 0), y, symbol, style) + 2
