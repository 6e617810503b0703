"""The network drawn: neurons, the graph of its operations, or where these do not fit bars.

Each function paints a View on some lines of a Canvas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from backprop_tui.explain.terms import terms_of, values_of
from backprop_tui.maths.expressions import Call, names
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.numbers import ink, power, signed
from backprop_tui.model.program import Program
from backprop_tui.session.view import View, hue
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.cells import mark_of
from backprop_tui.tui.paint.computation import (
    arcs,
    arcs_fit,
    chain,
    chain_fits,
    chain_of,
    layered,
    layers_fit,
)
from backprop_tui.tui.paint.neurons import neurons

NARROWEST = 5
"""Columns from layer to layer below which a network is drawn as bars."""
DEEP = 10
"""Layers beyond which a network is drawn as bars, however wide the panel is."""
WIDEST, TALLEST = 2.4, 0.62
"""On a large screen the most columns for a line of a drawing, and the most lines for a column."""
GRAPH = 44
"""The most columns of the graph of operations on a large screen."""


def draw(canvas: Canvas, view: View, top: int) -> None:
    """Draw what the view asks for, from line `top` on; bars where nodes do not fit.

    On a large screen the drawing stands in the middle, with bounded proportions.
    """
    bottom, room = canvas.height, canvas.height - top
    width = int(min(canvas.width, WIDEST * room)) if view.roomy else canvas.width
    depth = len(view.program.layers)
    if view.drawing == "graph":
        kind, width = graph, min(width, GRAPH) if view.roomy else width
    elif depth:
        kind = bars if depth > DEEP or (width - 6) / depth < NARROWEST else neurons
    elif chain_of(view.program):
        kind = chain if chain_fits(view, width, room) else bars
    else:
        kind = (
            layered if layers_fit(view.program, width) else arcs if arcs_fit(view, width) else bars
        )
    if view.roomy and kind is not bars:
        tall = int(min(room, TALLEST * width)) if kind is neurons else room
        drawn = Canvas(width, tall)
        kind(drawn, view, 0, tall)
        canvas.paste(drawn, (canvas.width - width) // 2, top + (room - tall) // 2)
    else:
        kind(canvas, view, top, bottom)


def graph(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw the operations from the inputs down to the loss, with the gradients beside them."""
    rows = _operations(view.program)
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


@lru_cache(maxsize=64)
def _operations(program: Program) -> tuple[Operation, ...]:
    """The lines of the graph, from the inputs to what training minimises."""
    right = program.right or program
    seen: set[str] = set()

    def line(*symbols: str, arrows: tuple[str, str] = ("", "")) -> Operation:
        seen.update(symbols)
        gradients = filter(None, map(program.gradient_of, symbols))
        return arrows[0], symbols, arrows[1], tuple(gradients)

    found: list[Operation] = []
    for step in right.taught:
        if step.phase not in ("forward", "loss"):
            continue
        read = [s for s in names(step.expression) if s in right.given and s not in seen]
        if not found:
            inputs = [s for s in read if right.roles[s].kind == "input"]
            found += [line(*inputs)] if inputs else []
            read = [s for s in read if s not in inputs]
        called = step.expression
        if read:
            found.append(line(*read, arrows=("↓ ", "↑ " if step.phase == "forward" else "↑")))
        elif isinstance(called, Call) and called.function in ACTIVATIONS:
            g = ACTIVATIONS[called.function].symbol
            found.append(line(arrows=(f"↓ {g}", f"↑ {g}′")))
        else:
            found.append(line(arrows=("↓ ", "↑")))
        found.append(line(step.symbol))
    return tuple(found)


def _row_of(view: View, rows: tuple[Operation, ...]) -> int:
    """Return the line on which the explained number stands."""
    if view.place is None:
        return 0
    symbol = view.place.symbol
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


NAME = 4
"""Columns of a name: its mark, and a number."""
SIZE = 8
"""Columns beside a name: its mark, a space, and the largest number."""


@dataclass(frozen=True)
class Bar:
    """A line of the list."""

    name: str
    largest: float | None
    """The largest absolute number; None until it is computed."""
    is_here: bool


def bars(canvas: Canvas, view: View, top: int, bottom: int) -> None:
    """Draw a line for each term or group, the last one at the top."""
    header, every = listed(view)
    canvas.put(0, top, header, "label")
    known = [bar.largest for bar in every if bar.largest and math.isfinite(bar.largest)]
    powers = [math.log10(value) for value in known]
    low, high = (min(powers), max(powers)) if powers else (0.0, 1.0)
    lines, count = bottom - top - 1, len(every)
    here = next((k for k, bar in enumerate(every, 1) if bar.is_here), 1)
    if lines < count:
        lines -= 1
    above = min(count, max(here + lines // 2, lines))
    more = (("▴", count - above), ("▾", max(0, above - lines)))
    said = "  ".join(f"{arrow} {number} more" for arrow, number in more if number)
    if said:
        canvas.put(1, bottom - 1, said, "quiet")
    if canvas.width < max((len(bar.name) for bar in every), default=0) + SIZE:  # through Ug
        every = [replace(bar, name=bar.name.rsplit(" ", 1)[-1]) for bar in every]
    wide = max([NAME - 1, *(len(bar.name) for bar in every)]) + 2
    room = max(1, canvas.width - wide - 7)
    for y, k in enumerate(range(above, max(0, above - lines), -1), top + 1):
        bar = every[k - 1]
        mark = "▸" if bar.is_here else " "
        canvas.put(0, y, f"{mark}{bar.name:>{wide - 2}}", "strong" if bar.is_here else "label")
        if (value := bar.largest) is None:
            canvas.put(wide + 3, y, "·", "uncomputed")
            continue
        size = signed(power(f"{value:.0e}"))
        canvas.put(wide, y, size, ink(value) if not math.isfinite(value) else "")
        if value > 0 and math.isfinite(value):
            share = (math.log10(value) - low) / (high - low) if high > low else 1.0
            canvas.put(wide + 6, y, "█" * max(1, round(share * room)), hue(view))


def listed(view: View) -> tuple[str, list[Bar]]:
    """What the bars are of, and the bars: terms of the step's gradient where it has some."""
    program, step, state = view.program, view.step, view.state
    terms = terms_of(program, step) if step else ()
    if step and len(terms) > 1 and state.done(step.symbol):
        sizes = [largest_of(matrix) for matrix in values_of(view.provenance, view.iteration, step)]
        found = zip(terms, sizes, strict=True)
        bars = [Bar(term.name, size, term.group == view.lit) for term, size in found]
        return f"{step.symbol}: terms", bars[::-1]
    every, by_group = [], dict[int | None, list[str]]()
    for symbol in program.gradients:
        by_group.setdefault(program.roles[symbol].group, []).append(symbol)
    for group, name in program.groups.items():
        number = name.rsplit(" ", 1)[-1]
        symbols = by_group.get(group, [])
        weights = [s for s in symbols if program.roles[s].part == "weight"]
        chosen = [s for s in (weights or symbols)[-1:] if state.done(s)]
        size = largest_of(state.result(chosen[0])) if chosen else None
        every.append(Bar(number if number.isdigit() else name, size, group == view.lit))
    return ("layer  largest |dW|" if program.layers else "group  largest"), every


def largest_of(matrix: np.ndarray) -> float:
    """The largest absolute number of a matrix."""
    return float(np.abs(matrix).max())
