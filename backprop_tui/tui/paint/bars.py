"""A list of bars on a logarithmic scale: the terms of the step's gradient, or a gradient of each
group, where a drawing does not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from backprop_tui.explain.terms import terms_of, values_of
from backprop_tui.maths.numbers import ink, power, signed
from backprop_tui.session.view import View, hue
from backprop_tui.tui.paint.canvas import Canvas

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
