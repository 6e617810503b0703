"""The Step panel: formula and shapes, one element with its numbers, why, where it goes, the note.

It lays out what `explanation` finds, in as many lines as there are.
"""

from __future__ import annotations

from functools import partial

from backprop_tui.engine.explanation import Explanation, explain
from backprop_tui.engine.timeline import State
from backprop_tui.tui.canvas import Canvas, shortened, wrapped
from backprop_tui.tui.numbers import number
from backprop_tui.tui.view import View, hue
from backprop_tui.tui.widgets.panel import Panel

ROOMY = 9
"""From this many lines on, each part has lines of its own."""


class StepPanel(Panel, can_focus=True):
    """What the shown step does, and why."""

    def paint(self, canvas: Canvas, view: View) -> None:
        if view.step is None or view.cell is None:
            self.beginning(canvas, view)
            return
        position, step = view.state.position, view.step
        where = f", layer {step.layer}" if step.layer else ""
        at = position.steps + (1 if position.elements else 0)
        of = view.state.result(step.symbol).size
        opened = f", element {position.elements} of {of}" if position.elements else ""
        self.rule(canvas, view, f"Step {at}  {step.phase}{where}{opened}")
        figures = partial(number, decimals=view.decimals)
        for fold in (None, 6, 4, 3):
            found = explain(view.state, step, view.cell, figures, fold)
            lines = element_lines(found, canvas.width - 2)
            if len(lines) <= max(2, canvas.height - 6):
                break
        roomy = canvas.height >= ROOMY + len(lines)
        y = self.formula(canvas, view, found, roomy)
        for line in lines:
            y = put(canvas, y, line)
        if found.remark:
            for line in wrapped(found.remark, canvas.width - 2, 3 if roomy else 1):
                y = put(canvas, y, line, "quiet")
        y += roomy
        y = put(canvas, y, shortened(found.reason, canvas.width - 2), "strong")
        y = put(canvas, y, goes_into(view.state, found, canvas.width - 2), "quiet")
        if roomy:
            y = put(canvas, y, f"NumPy  {found.numpy}", "quiet") + 1
        y = self.notes(canvas, view, y)
        if failed := trouble(view):
            put(canvas, min(y, canvas.height - 1), failed, "wrong")

    def formula(self, canvas: Canvas, view: View, found: Explanation, roomy: bool) -> int:
        """The formula with its shapes at the right, or under it where both do not fit."""
        looks = f"strong {hue(view)}"
        canvas.put(1, 1, shortened(found.formula, canvas.width - 2), looks)
        apart = len(found.formula) + len(found.shapes) + 5 > canvas.width
        if roomy or not apart:
            y = 2 if roomy else 1
            if roomy:
                canvas.put(1, y, shortened(found.shapes, canvas.width - 2), "quiet")
            else:
                canvas.right(canvas.width - 1, y, found.shapes, "quiet")
            return y + 1
        return 2

    def notes(self, canvas: Canvas, view: View, y: int) -> int:
        for note in view.notes:
            for line in wrapped(f"◆ {note}", canvas.width - 2, canvas.height - y):
                y = put(canvas, y, line, "note")
        return y

    def beginning(self, canvas: Canvas, view: View) -> None:
        """Before the first step: what this experiment is, and how to begin."""
        experiment = view.state.experiment
        first = view.state.position.iteration == 1
        self.rule(canvas, view, "Start" if first else "A new iteration: the cache is empty")
        y = put(canvas, 1, experiment.title, "strong")
        for line in wrapped(experiment.about, canvas.width - 2, canvas.height - 3):
            y = put(canvas, y, line)
        put(canvas, min(y + 1, canvas.height - 1), "Press space for the next step.", "key")


def put(canvas: Canvas, y: int, text: str, looks: str = "") -> int:
    """A line of the panel, where it still has one."""
    canvas.put(1, y, text, looks)
    return y + 1


def element_lines(found: Explanation, width: int) -> list[str]:
    """`dW2[1,2] = dZ2[1,1] · A1[2,1] = −0.486 × 0.408 = −0.198`, broken before a `=`."""
    pieces = list(dict.fromkeys((found.symbols, *found.numbers, found.result)))
    lines, line = [], found.cell
    for piece in pieces:
        if len(line) + 3 + len(piece) > width and line.strip() != found.cell:
            lines.append(line)
            line = " " * len(found.cell)
        line = f"{line} = {piece}"
    return [part for whole in (*lines, line) for part in broken(whole, width, len(found.cell))]


def broken(line: str, width: int, indent: int) -> list[str]:
    """A line too long for the panel, broken at its spaces."""
    if len(line) <= width:
        return [line]
    at = line.rfind(" ", indent + 3, width)
    if at < 0:
        return [shortened(line, width)]
    return [line[:at], *broken(" " * (indent + 3) + line[at + 1 :], width, indent)]


def goes_into(state: State, found: Explanation, width: int) -> str:
    """Where the cell goes next."""
    if not found.goes_into:
        return ""
    step = state.step
    ahead = f"iteration {state.position.iteration + 1}: " if step and step.phase == "update" else ""
    places = (", " if ahead else " ").join(found.goes_into)
    return shortened(f"goes into  {ahead}{places}", width)


def trouble(view: View) -> str | None:
    """What is wrong with the numbers, where something is."""
    state, position = view.state, view.state.position
    if state.iteration.diverged and position.steps == len(state.program.steps):
        return (
            f"✗ {state.iteration.diverged} is no longer finite: the run has diverged in "
            f"iteration {position.iteration} and ends here. ⌫ goes back."
        )
    return None
