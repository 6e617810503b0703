"""The loss over the iterations so far, drawn beside the Step panel's words on a tall screen.

Pure painting in braille, of losses that are thinned already.
"""

from __future__ import annotations

import numpy as np

from backprop_tui.maths.numbers import number
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.tangent import LABELS, Frame, dotted


def paint(canvas: Canvas, frame: Frame, view: View) -> None:
    """The curve from zero up, and ● where we stand; nothing before there are two losses."""
    at, losses = view.losses
    rows, columns = frame.height - 2, frame.width - LABELS
    if at.size < 2 or rows < 2 or columns < 8:
        return
    name, left, top = view.state.program.objective, frame.x + LABELS, frame.y + 1
    low, high = min(0.0, float(losses.min())), float(losses.max())
    span = (high - low) or 1.0
    across = np.linspace(at[0], at[-1], 2 * columns)
    heights = (high - np.interp(across, at, losses)) / span * (4 * rows - 1)
    dotted(canvas, left, top, rows, heights, "forward")
    if at[0] <= view.iteration <= at[-1]:
        x = round((view.iteration - at[0]) / (at[-1] - at[0]) * (columns - 1))
        canvas.put(left + x, top + round(float(heights[2 * x])) // 4, "●", "mark")
    words = f"{name} over {int(at[-1]):,} iterations"
    canvas.put(left, frame.y, words, "quiet")
    canvas.put(frame.x, top, number(high, view.decimals), "quiet")
    canvas.put(frame.x, top + rows - 1, number(low, view.decimals), "quiet")
    canvas.put(left, top + rows, f"{int(at[0]):,}", "quiet")
    canvas.right(left + columns, top + rows, f"{int(at[-1]):,}", "quiet")
