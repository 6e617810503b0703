"""The steps of an iteration under each other, each with its formula and its values."""

from __future__ import annotations

import numpy as np
from textual.geometry import Region

from backprop_tui.explain.explanation import becomes
from backprop_tui.maths.numbers import cell_width, fixed, ink
from backprop_tui.maths.writing import text
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import COVERED, Canvas, shortened
from backprop_tui.tui.paint.placed import window

MOST = 5
"""Values that are written out; of more their number and the largest."""
FORMULA = 0.5
"""The share of the columns that the formulas take at most."""


def paint_iteration(canvas: Canvas, view: View, frame: Region, covered: bool = False) -> int:
    """Write a line for each step into a frame, those around the current one where they are too
    many: its formula, its values and the largest; return the line behind the last one."""
    steps, cell = view.program.steps, cell_width(view.decimals)
    canvas.put(frame.x, frame.y, "This iteration, step by step", "strong")
    canvas.right(frame.right, frame.y, "farthest from 0", "quiet")
    now = view.state.number - 1
    shown = window(now - frame.height // 2, frame.height - 1, len(steps))
    before = max(len(step.symbol) for step in steps)
    room = min(int(frame.width * FORMULA), frame.width - 10 - before - cell * (MOST + 1))
    for y, at in enumerate(shown, frame.y + 1):
        step = steps[at]
        mark = "" if at > now else view.symbol_mark(step.symbol)
        x = canvas.put(frame.x, y, f"{at + 1:3} ", "quiet")
        x = canvas.put(x, y, {"target": "▸", "read": "•"}.get(mark, " "), "mark")
        x = canvas.put(x, y, step.symbol.ljust(before), "quiet" if at > now else "strong")
        asked = view.is_asked and at >= now  # its formula is no hint that was not asked for
        formula = "" if asked else f"{becomes(step)} {text(step.expression)}"
        canvas.put(x + 1, y, shortened(formula, room), "quiet" if at > now else "")
        hidden = at == now and (view.is_asked or view.unrevealed)
        if at > now or hidden or not view.state.done(step.symbol):
            canvas.right(frame.right, y, "?" if hidden else "·", "uncomputed")
            continue
        values = view.state.result(step.symbol).ravel()
        largest = values[np.argmax(np.abs(values))]
        numbers = [*(values if values.size <= MOST else ()), largest]
        if values.size > MOST:
            canvas.right(frame.right - cell - 1, y, f"{values.size} numbers", "quiet")
        for k, number in enumerate(numbers):
            end = frame.right - (len(numbers) - 1 - k) * cell - (k < len(numbers) - 1)
            said = 5 * COVERED if covered else fixed(float(number), view.decimals, cell - 1)
            canvas.right(end, y, said, ink(float(number)))
    return frame.y + 1 + len(shown)
