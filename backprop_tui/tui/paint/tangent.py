"""The loss as a function of one weight, drawn with the tangent whose slope is its gradient.

Pure painting in braille: the numbers are the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number
from backprop_tui.run.sweep import Sweep
from backprop_tui.tui.paint.canvas import Canvas, shortened
from backprop_tui.tui.paint.drawings import DOTS

LABELS = 9
"""Columns at the left for the highest and the lowest loss."""


@dataclass(frozen=True)
class Frame:
    """Where on a canvas it is drawn: a line of words, the curve, a line of values."""

    x: int
    y: int
    width: int
    height: int


def paint(
    canvas: Canvas,
    frame: Frame,
    found: Sweep,
    words: str,
    decimals: int,
    *,
    tangent: bool = True,
    after: float | None = None,
) -> None:
    """The curve under `words`; `tangent` says whether the gradient is known yet, and `after` is
    what the weight was updated to."""
    canvas.put(frame.x, frame.y, shortened(words, frame.width), "quiet")
    rows, columns = frame.height - 2, frame.width - LABELS
    losses = np.where(np.isfinite(found.losses), found.losses, np.nan)
    if rows < 2 or columns < 8 or np.isnan(losses).all():
        return
    left, top = frame.x + LABELS, frame.y + 1
    low, high = float(np.nanmin(losses)), float(np.nanmax(losses))
    if high == low:
        low, high = low - 0.5, high + 0.5
    at = np.linspace(found.at[0], found.at[-1], 2 * columns)

    def heights(values: Array) -> Array:
        """Lines of dots from the top, not whole."""
        with np.errstate(all="ignore"):
            return (high - values) / (high - low) * (4 * rows - 1)

    dotted(canvas, left, top, rows, heights(np.interp(at, found.at, losses)), "forward")
    if tangent and found.slope is not None and np.isfinite(found.slope):
        line = heights(found.loss + found.slope * (at - found.here))
        line[np.arange(line.size) % 6 > 3] = np.nan  # dashed: told from the curve without colour
        dotted(canvas, left, top, rows, line, "backward")
    for value, sign in ((after, "○"), (found.here, "●")):
        if value is None or not found.at[0] <= value <= found.at[-1]:
            continue
        along = (value - found.at[0]) / (found.at[-1] - found.at[0])
        down = float(heights(np.interp([value], found.at, losses))[0])
        if np.isfinite(down):
            canvas.put(left + round(along * (columns - 1)), top + round(down) // 4, sign, "mark")
    canvas.put(frame.x, top, number(high, decimals), "quiet")
    canvas.put(frame.x, top + rows - 1, number(low, decimals), "quiet")
    beneath = top + rows
    canvas.put(left, beneath, number(float(found.at[0]), 1), "quiet")
    canvas.right(left + columns, beneath, number(float(found.at[-1]), 1), "quiet")
    here = number(found.here, decimals)
    canvas.put(left + (columns - len(here)) // 2, beneath, here, "strong")


def dotted(canvas: Canvas, left: int, top: int, rows: int, heights: Array, style: str) -> None:
    """A dot for each half column, joined where the line is steep; over what is there already."""
    bits: dict[tuple[int, int], int] = {}
    last: int | None = None
    for x, height in enumerate(heights.tolist()):
        if not np.isfinite(height) or not -1 < height < 4 * rows:
            last = None
            continue
        y = min(4 * rows - 1, max(0, round(height)))
        begin = y if last is None else last
        for dot in range(min(begin, y), max(begin, y) + 1):
            place = x // 2, dot // 4
            bits[place] = bits.get(place, 0) | DOTS[dot % 4][x % 2]
        last = y
    for (x, y), dots in bits.items():
        canvas.put(left + x, top + y, chr(0x2800 + (dots | canvas.dots(left + x, top + y))), style)
