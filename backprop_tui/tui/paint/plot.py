"""Curves in braille: the loss over the iterations, and the loss as a function of one parameter.

A character has two columns and four lines of dots; `Plot` says where on them a number stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from textual.geometry import Region

from backprop_tui.maths.functions import Array
from backprop_tui.maths.numbers import number, signed
from backprop_tui.maths.writing import text
from backprop_tui.run.sweep import Sweep
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import Canvas, shortened

if TYPE_CHECKING:
    from backprop_tui.session.one_weight import Found

LABELS = 9
"""Columns at the left of a plot for the numbers of its vertical axis."""
MOST_DOTS = 10_000
"""Dots of a straight line at most, however far it leads beyond the ends."""
LEAST_ROWS, LEAST_COLUMNS = 2, 8
"""Lines and columns of a curve below which none is drawn."""


@dataclass(frozen=True)
class Plot:
    """Two axes on a part of a canvas, and what is drawn between them."""

    canvas: Canvas
    left: int
    top: int
    columns: int
    rows: int
    across: tuple[float, float]
    """The numbers at the left and at the right end."""
    upright: tuple[float, float]
    """The numbers at the lower and at the upper end, which are not equal."""

    @property
    def at(self) -> Array:
        """The number at each column of dots."""
        return np.linspace(*self.across, 2 * self.columns)

    def column(self, x: float) -> int:
        """Return the column of the canvas in which `x` lies."""
        first, last = self.across
        return self.left + round((x - first) / (last - first) * (self.columns - 1))

    def down(self, values: Array) -> Array:
        """Return how many lines of dots each value lies below the upper end, with fractions."""
        low, high = self.upright
        with np.errstate(all="ignore"):
            return (high - values) / (high - low) * (4 * self.rows - 1)

    def line(self, y: float) -> int:
        """Return the line of the canvas in which `y` lies."""
        return self.top + round(float(self.down(np.array(y)))) // 4

    def curve(self, at: Array, values: Array, style: str, *, dashed: bool = False) -> None:
        """Draw a dot for each half column, joined where the curve is steep."""
        heights = self.down(np.interp(self.at, at, values, left=np.nan, right=np.nan))
        if dashed:
            heights[np.arange(heights.size) % 6 > 3] = np.nan
        last: int | None = None
        for x, height in enumerate(heights.tolist()):
            if not np.isfinite(height) or not -1 < height < 4 * self.rows:
                last = None
                continue
            y = min(4 * self.rows - 1, max(0, round(height)))
            begin = y if last is None else last
            for dot in range(min(begin, y), max(begin, y) + 1):
                self.canvas.dot(2 * self.left + x, 4 * self.top + dot, style)
            last = y

    def segment(
        self, begin: tuple[float, float], end: tuple[float, float], style: str, dash: str = "1"
    ) -> None:
        """Draw a straight line between two points, as far as it lies between the ends; `dash` says
        dot by dot, over and over, which are drawn (1) and which are left out (0)."""
        (first, last), right, down = self.across, 2 * self.columns, 4 * self.rows
        x0, x1 = ((x - first) / (last - first) * (right - 1) for x, _ in (begin, end))
        y0, y1 = (float(self.down(np.array(y))) for _, y in (begin, end))
        if not np.isfinite([x0, x1, y0, y1]).all():
            return
        dots = int(min(MOST_DOTS, max(abs(x1 - x0), abs(y1 - y0)))) + 1
        along = np.round([np.linspace(x0, x1, dots), np.linspace(y0, y1, dots)]).T.tolist()
        for k, (x, y) in enumerate(along):
            if dash[k % len(dash)] == "1" and 0 <= x < right and 0 <= y < down:
                self.canvas.dot(2 * self.left + int(x), 4 * self.top + int(y), style)

    def upright_line(self, x: float, sign: str, style: str) -> None:
        """Draw a character on every line at a number of the lower axis, where that has it."""
        if self.across[0] <= x <= self.across[1]:
            for y in range(self.top, self.top + self.rows):
                self.canvas.put(self.column(x), y, sign, style)

    def mark(self, x: float, y: float, sign: str, style: str = "mark") -> None:
        """Draw a character at a point, where that is finite and between the ends."""
        if self.across[0] <= x <= self.across[1] and np.isfinite(y):
            self.canvas.put(self.column(x), self.line(y), sign, style)


def losses_so_far(canvas: Canvas, frame: Region, view: View) -> None:
    """Draw the loss over the iterations so far, from zero up, with ● at the iteration shown.

    Nothing is drawn before there are two losses.
    """
    at, losses = view.losses
    if at.size < 2:
        return
    plot = framed(canvas, frame, at, losses, view.decimals, base=0.0)
    if plot is None:
        return
    plot.curve(at, losses, "forward")
    plot.mark(view.iteration, float(np.interp(view.iteration, at, losses)), "●")
    words = f"{view.state.program.objective} over {int(at[-1]):,} iterations"
    canvas.put(plot.left, frame.y, words, "quiet")
    _ends(plot, f"{int(at[0]):,}", f"{int(at[-1]):,}")


def loss_of_parameter(
    canvas: Canvas,
    frame: Region,
    found: Sweep,
    words: str,
    decimals: int,
    *,
    tangent: bool = True,
    after: float | None = None,
) -> None:
    """Draw the loss as one parameter alone changes, under `words`, with ● at the parameter's value.

    `tangent` says whether the line whose slope is the gradient is drawn; `after` is what the
    parameter was updated to, drawn as ○.
    """
    canvas.put(frame.x, frame.y, shortened(words, frame.width), "quiet")
    losses = np.where(np.isfinite(found.losses), found.losses, np.nan)
    plot = framed(canvas, frame, found.at, losses, decimals)
    if plot is None:
        return
    plot.curve(found.at, losses, "forward")
    if tangent and found.slope is not None and np.isfinite(found.slope):
        line = found.loss + found.slope * (plot.at - found.here)
        plot.curve(plot.at, line, "backward", dashed=True)  # dashed: told apart without colour
    for value, sign in ((after, "○"), (found.here, "●")):
        if value is not None:
            plot.mark(value, float(np.interp(value, found.at, losses)), sign)
    _ends(plot, number(plot.across[0], 1), number(plot.across[1], 1))
    here = number(found.here, decimals)
    middle = plot.left + (plot.columns - len(here)) // 2
    canvas.put(middle, plot.top + plot.rows, here, "strong")


def framed(
    canvas: Canvas,
    frame: Region,
    at: Array,
    values: Array,
    decimals: int,
    *,
    base: float = np.inf,
) -> Plot | None:
    """Return axes in a frame, between a line of words above and one for the horizontal axis below.

    They reach from the lowest to the highest value, `base` among them, and both are written at the
    left. None where there is no room, or no value.
    """
    rows, columns = frame.height - 2, frame.width - LABELS
    if rows < LEAST_ROWS or columns < LEAST_COLUMNS or np.isnan(values).all():
        return None
    low, high = min(base, float(np.nanmin(values))), float(np.nanmax(values))
    ends = float(at[0]), float(at[-1])
    plot = Plot(canvas, frame.x + LABELS, frame.y + 1, columns, rows, ends, axis_ends(low, high))
    low, high = plot.upright
    canvas.put(frame.x, plot.top, number(high, decimals), "quiet")
    canvas.put(frame.x, plot.top + rows - 1, number(low, decimals), "quiet")
    return plot


def _ends(plot: Plot, first: str, last: str) -> None:
    """Write what stands at either end of the horizontal axis."""
    plot.canvas.put(plot.left, plot.top + plot.rows, first, "quiet")
    plot.canvas.right(plot.left + plot.columns, plot.top + plot.rows, last, "quiet")


def whole_curve(
    canvas: Canvas,
    losses: tuple[Array, Array],
    right: tuple[Array, Array] | None,
    here: float,
    name: str,
    unit: str,
) -> None:
    """Draw the loss of a run over the whole canvas, with ticks and a line at the iteration shown.

    `losses` and `right` are iterations and losses; those of `right`, the same run without its
    mistake, are drawn as single points. `name` and `unit` are the names of the axes.
    """
    at, values = losses
    if at.size < 2:
        return
    every = values if right is None else np.concatenate([values, right[1]])
    plot = whole_plot(canvas, (float(at[0]), float(at[-1])), every, name, unit, least_step=1.0)
    if plot is None:
        return
    plot.upright_line(here, "│", "backward")
    plot.curve(at, values, "forward" if right is None else "crossed")
    if right is not None:
        for x, y in zip(right[0].tolist(), right[1].tolist(), strict=True):
            plot.mark(x, y, "·", "forward")


def whole_plot(
    canvas: Canvas,
    ends: tuple[float, float],
    every: Array,
    name: str,
    unit: str,
    least_step: float = 0.0,
) -> Plot | None:
    """Return a plot over the whole canvas with axes and ticks, as high as the values in `every`;
    None where there is no room, or a range is beyond numbers. `least_step` is the least distance of
    ticks of the lower axis."""
    top, rows = 1, canvas.height - 4  # an axis and its labels on either side
    every = every[np.isfinite(every)]
    if rows < LEAST_ROWS or not every.size:
        return None
    low, high = axis_ends(float(every.min()), float(every.max()))
    if not math.isfinite(high - low) or not math.isfinite(ends[1] - ends[0]):
        return None
    up = ticks(low, high, rows // 2)
    labels = [ticked(tick, up) for tick in up]
    wide = max([LABELS, *(len(label) + 1 for label in labels)])
    left, columns = wide + 1, canvas.width - wide - 2
    if columns < LEAST_COLUMNS:
        return None
    plot = Plot(canvas, left, top, columns, rows, ends, (low, high))
    for y in range(top, top + rows):
        canvas.put(wide, y, "│", "quiet")
    canvas.put(wide, top + rows, f"└{'─' * columns}", "quiet")
    for tick, label in zip(up, labels, strict=True):
        canvas.right(wide - 1, plot.line(tick), label, "quiet")
        canvas.put(wide, plot.line(tick), "┤", "quiet")
    along = ticks(*ends, columns // 12, least_step)
    for x in along:
        said = f"{int(x):,}" if least_step else ticked(x, along)
        canvas.put(plot.column(x), top + rows, "┬", "quiet")
        begin = min(plot.column(x) - len(said) // 2, canvas.width - len(said))
        canvas.put(begin, top + rows + 1, said, "quiet")
    canvas.right(wide, 0, name, "label")
    canvas.put(left + (columns - len(unit)) // 2, canvas.height - 1, unit, "label")
    return plot


def loss_over_weight(canvas: Canvas, seen: Found) -> None:
    """Draw the loss over one weight on the whole canvas: ● where it is, the line with the gradient
    as its slope, ○ for its values before, joined in their order, and ▸ or ◂ for its next value."""
    curve, style = seen.curve, "update"
    ends, cell = (float(curve.at[0]), float(curve.at[-1])), text(seen.cell)
    near = (ends[0] <= seen.before) & (seen.before <= ends[1])
    every = np.concatenate([curve.losses, seen.losses[near]])
    plot = whole_plot(canvas, ends, every, seen.name, cell)
    if plot is None:
        return
    plot.curve(curve.at, np.where(np.isfinite(curve.losses), curve.losses, np.nan), "forward")
    if seen.slope and curve.slope is not None and np.isfinite(curve.slope):
        with np.errstate(all="ignore"):
            line = curve.loss + curve.slope * (plot.at - curve.here)
        plot.curve(plot.at, line, "backward", dashed=True)  # dashed: told apart without colour
    path = [*zip(seen.before.tolist(), seen.losses.tolist(), strict=True), (curve.here, curve.loss)]
    for begin, end in pairwise(path):
        plot.segment(begin, end, style, "100")
    for x, y in path[:-1]:
        plot.mark(x, y, "○", style)
    if seen.after is not None:
        y = float(np.interp(seen.after, curve.at, curve.losses))
        plot.mark(seen.after, y, seen.arrow)
    plot.mark(curve.here, curve.loss, "●")


def axis_ends(low: float, high: float) -> tuple[float, float]:
    """Return the two, or the ends of an axis around them where they are equal."""
    around = max(0.5, 0.1 * abs(high)) if low == high else 0.0
    return low - around, high + around


def ticks(low: float, high: float, most: int, least_step: float = 0.0) -> list[float]:
    """Return round numbers from `low` to `high`, at most about `most`, whose distance is 1, 2 or 5
    times a power of ten and at least `least_step`."""
    finest = 1e-12 * max(abs(low), abs(high))  # below it, neighbours would be the same number
    wanted = max((high - low) / max(1, most), least_step, finest, np.finfo(float).tiny)
    power = 10.0 ** np.floor(np.log10(wanted))
    step = next(by * power for by in (1, 2, 5, 10) if by * power >= wanted * (1 - 1e-9))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [k * step for k in range(first, last + 1)]


def ticked(tick: float, every: list[float]) -> str:
    """Write a number of an axis with the decimals that its distance to the next one needs."""
    if len(every) < 2:
        return signed(f"{tick:zg}")
    return number(tick, max(0, -int(np.floor(np.log10(every[1] - every[0]) + 1e-9))))
