"""The boards: Cache and Gradients above each other, and the update as a subtraction.

They place matrices where `matrices` says and paint them; nothing here computes a value.
"""

from __future__ import annotations

from backprop_tui.engine.algebra import Diff
from backprop_tui.engine.evaluate import value
from backprop_tui.engine.explanation import values_when_read
from backprop_tui.engine.functions import Array
from backprop_tui.engine.program import Step
from backprop_tui.tui.canvas import Canvas
from backprop_tui.tui.matrices import (
    Arrangement,
    Placed,
    arrange,
    paint,
    paint_number,
    shown_values,
)
from backprop_tui.tui.numbers import cell_width, common_power, times_power
from backprop_tui.tui.view import View
from backprop_tui.tui.widgets.panel import Panel


class Board(Panel, can_focus=True):
    """Matrices under a titled rule. Cache and Gradients are arranged alike."""

    other: Board | None = None
    """The board that shares its arrangement."""

    def arrangement(self, view: View) -> Arrangement:
        sizes = [self.size, self.other.size if self.other else self.size]
        return arrange(view, self.size.width, min(size.height for size in sizes) - 1)


class Cache(Board):
    """Inputs, parameters and everything that going forward has computed."""

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        depth = len(view.layers) - 1
        title = "Cache" if a.whole or depth == 1 else f"Cache  layer {a.layers[0]} of {depth}"
        self.rule(canvas, view, title, a.remark or example(view))
        for placed in a.cache:
            paint(canvas, view, placed, 1)
        if not a.whole and depth > 1:
            canvas.put(0, canvas.height - 1, neighbours(view, a.layers[0]), "quiet")
            if a.remark:
                canvas.right(canvas.width, canvas.height - 1, example(view), "quiet")


class Gradients(Board):
    """What going backward has computed, each slope exactly under its value."""

    def paint(self, canvas: Canvas, view: View) -> None:
        a = self.arrangement(view)
        power = common_power(shown_values(view, a.gradients), view.decimals)
        note = f"{dL(view)}"
        self.rule(canvas, view, "  ".join(filter(None, ("Gradients", times_power(power)))), note)
        for placed in a.gradients:
            paint(canvas, view, placed, 1, power)


class Update(Panel, can_focus=True):
    """The update phase on the board: before, minus α times the slope, after."""

    def paint(self, canvas: Canvas, view: View) -> None:
        training = view.state.experiment.training
        self.rule(canvas, view, "Update", f"α = {training.learning_rate:g}")
        n, depth = view.layers, len(view.layers) - 1
        every = list(range(1, depth + 1))
        whole = sum(3 * n[layer] for layer in every) + depth - 1 <= canvas.height - 1
        layers = every if whole else [view.state.layer or 1]
        cell = cell_width(view.decimals)
        most = (canvas.width - 2 * LABEL - 2 - cell) // cell
        weights = max(1, min(max(n[layer - 1] for layer in layers), most))
        lines = max(n[layer] for layer in layers) if whole else (canvas.height - 2) // 3
        top = 1
        for layer in layers:
            self.both(canvas, view, layer, top, weights, max(1, lines))
            top += 3 * min(n[layer], lines) + 1
            if layer != layers[-1]:
                canvas.put(0, top - 1, "─" * canvas.width, "rule")
        if not whole:
            canvas.put(0, canvas.height - 1, neighbours(view, layers[0]), "quiet")

    def both(
        self, canvas: Canvas, view: View, layer: int, top: int, weights: int, lines: int
    ) -> None:
        """Both parameters of a layer, side by side."""
        cell = cell_width(view.decimals)
        row, column = view.scroll.get(layer, (0, 0))
        neurons, reads = view.layers[layer], view.layers[layer - 1]
        row = max(0, min(row, neurons - lines))
        column = max(0, min(column, reads - weights))
        rows = range(row, min(neurons, row + lines))
        right = LABEL + weights * cell
        columns = range(column, min(reads, column + weights))
        subtraction(canvas, view, f"W{layer}", 0, right, top, rows, columns)
        subtraction(
            canvas, view, f"b{layer}", right + 2, right + 2 + LABEL + cell, top, rows, range(1)
        )


LABEL = 11


def subtraction(
    canvas: Canvas,
    view: View,
    symbol: str,
    x: int,
    right: int,
    top: int,
    rows: range,
    columns: range,
) -> None:
    """before, − α·dW, after: three blocks under each other."""
    state, cell = view.state, cell_width(view.decimals)
    if symbol not in state.program.positions:
        canvas.put(x, top, f"{symbol} is frozen", "quiet")
        canvas.put(x, top + 1, "no update", "quiet")
        return
    step = state.program.steps[state.program.index(symbol)]
    target = view.target == symbol
    done = state.value(symbol) if state.done(symbol) or state.opening(symbol) else None
    blocks: tuple[tuple[str, Array | None, str], ...] = (
        (f"before {symbol}", state.before(symbol), "read" if target else ""),
        (f"− α·d{symbol}", subtracted(view, step), "read" if target else ""),
        (f"after  {symbol}", done, "target" if target else ""),
    )
    known = state.revealed(symbol)
    for block, (label, values, mark) in enumerate(blocks):
        y = top + block * len(rows)
        canvas.put(x, y, label, f"label {mark}" if block != 1 else "label")
        for line, i in enumerate(rows):
            for k, j in enumerate(columns, 1):
                end = right - (len(columns) - k) * cell
                hidden = block == 2 and known is not None and values is not None
                if values is None or (hidden and i * values.shape[1] + j >= (known or 0)):
                    canvas.right(end, y + line, "·", "uncomputed")
                else:
                    paint_number(canvas, end, y + line, values[i, j], view, cell, mark)


def subtracted(view: View, step: Step) -> Array | None:
    """What the step takes away from its parameter: the right side of its difference."""
    if not isinstance(step.expression, Diff):
        return None
    taken: Array = value(step.expression.right, values_when_read(view.state, step))
    return taken


def example(view: View) -> str:
    """Which example's column is shown."""
    state = view.state
    if state.examples > 1:
        return f"‹example {view.column + 1} of {state.examples}›"
    return f"example {state.iteration.examples[0] + 1} of {state.experiment.data.examples}"


def dL(view: View) -> str:  # noqa: N802 (∂L, as it is written)
    """What a d before a name means here."""
    step = view.step
    if "J" in view.state.program.positions:
        return "dA dZ of its own L; dW db of J"
    symbol = step.symbol if step and step.phase == "backward" else "dW1"
    return f"{symbol} means ∂L/∂{symbol[1:]}"


def neighbours(view: View, layer: int) -> str:
    """The layers before and after the one whose card is shown."""
    n, g = view.layers, view.state.experiment.network.activations
    depth = len(n) - 1

    def named(first: int, last: int) -> str:
        if first == last:
            return f"layer {first}: {n[first - 1]} → {n[first]} {g[first - 1]}"
        return f"layers {first} to {last}"

    parts = []
    if layer > 1:
        parts.append(f"▴ {named(1, layer - 1)}")
    if layer < depth:
        parts.append(f"▾ {named(layer + 1, depth)}")
    return "      ".join(parts)


__all__ = ["Board", "Cache", "Gradients", "Placed", "Update"]
