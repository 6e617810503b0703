"""The Step panel: what the step does or where the inspected number comes from, and its curve."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.geometry import Region

from backprop_tui.maths.expressions import names
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Step
from backprop_tui.model.rows import named
from backprop_tui.session.view import View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import COVERED, Canvas, wrapped
from backprop_tui.tui.paint.lines import TextLine, put_lines, spaced
from backprop_tui.tui.panels.panel import Panel
from backprop_tui.tui.panels.step_lines import ROOMY, all_terms, explained

if TYPE_CHECKING:
    from backprop_tui.run.sweep import Sweep
    from backprop_tui.session.question import Asking

FIGURES = re.compile(r"\([−-][\d.e−∞]+\)|(?<![\w.])[−-]?\d+\.\d+(?:e−?\d+)?")
"""Numbers with their signs, and the brackets around negative ones: covered, all look the same."""
CURVE, LEAST_CURVE, WORDS = 48, 8, 60
"""The least columns of a curve beside the text, the least lines of one under it, and the least
columns of the text."""
STEPS, MOST_STEPS, LOW_STEPS = 76, 100, 12
"""The columns of the list of steps beside the text, and the lines from which on it is there."""
MOST_LINES = 4
"""Lines of a message at most."""
TALL = 24
"""From this many lines on, a blank line stands between the lines of nearly any step."""


class StepPanel(Panel):
    """What the shown step does, or where the inspected number comes from, and why."""

    def paint(self, canvas: Canvas, view: View) -> None:
        self.rule(canvas, view, title(view), verdict(view))
        # The field that a formula is typed into covers the last line.
        width, height = canvas.width - 2, canvas.height - (2 if view.writing else 1)
        if (drawn := loss_curve(view, width, height)) is not None:
            self.draw_curve(canvas, view, *drawn)
            frame = drawn[1]
            width, height = (frame.x - 3, height) if frame.x > 1 else (width, frame.y - 2)
        elif view.roomy and width >= STEPS + WORDS and height >= LOW_STEPS:
            width = self.draw_steps(canvas, view, width, height)
        elif view.roomy and height >= TALL and width >= CURVE + WORDS:
            width = self.draw_course(canvas, view, width, height)
        if view.asking and not view.inspection.place:
            self.question(canvas, view, view.asking, width)
            return
        found = (lazy.mistaken_lines(view, width) if view.right else []) or explained(
            view, width, height
        )
        if self.opened(view):
            found += all_terms(view.explanation)
            first = max(0, min(view.scrolled, len(found) - height))
            if len(found) > height:
                note = f"lines {first + 1}–{first + height} of {len(found)}, ↑ ↓"
                self.rule(canvas, view, title(view), note)
            found = found[first : first + height]
        found = [*message_lines(view, canvas.width - 2), *found]
        if self.is_covered(view):
            found = [replace(line, text=FIGURES.sub(5 * COVERED, line.text)) for line in found]
        put_lines(canvas, self.airy(view, found, height), width, height)
        self.emphasise(canvas, view)

    def is_covered(self, view: View) -> bool:
        """Whether the numbers of the panel are hidden, or those of the board that it explains.

        The numbers of a question are not: they are given, or they are the answer.
        """
        stands_on = None if view.place is None or view.asking else view.board_of(view.place.symbol)
        return super().is_covered(view) or stands_on in view.hidden

    def airy(self, view: View, lines: list[TextLine], height: int) -> list[TextLine]:
        """With a blank line behind each line, where the panel has much room."""
        spread = self.opened(view) or (view.roomy and height >= TALL)
        return spaced(lines, height) if spread else lines

    def question(self, canvas: Canvas, view: View, asking: Asking, width: int) -> None:
        """Write what is asked about the step, or how that ended."""
        self.rule(
            canvas, view, f"Ask  step {view.state.number}: {asking.cell.symbol}", asking.attempt
        )
        covered = asking.is_open and asking.typing
        height = canvas.height - (2 if covered else 1)
        found = self.airy(view, lazy.question_lines(view, asking, width, height), height)
        rest = message_lines(view, canvas.width - 2)[: max(0, height - len(found))]
        put_lines(canvas, [*rest, *found], width, height)
        if not asking.is_open and view.explanation:
            for cell in asking.look[:2]:  # the term that went wrong, in the line of numbers
                canvas.emphasise(view.explanation.figure(cell), "cursor")
            if asking.judged and asking.judged.term is not None:
                canvas.emphasise(text(asking.judged.term), "cursor")

    def draw_curve(self, canvas: Canvas, view: View, found: Sweep, frame: Region) -> None:
        """Draw the loss as the explained parameter alone changes, with its gradient."""
        place = view.place
        assert place is not None
        gradient, cell = view.program.gradient_of(place.symbol), place.cell
        known = gradient is not None and view.state.done(gradient)
        words = f"{view.program.objective} when only {text(cell)} changes"
        if gradient and known and found.slope is not None:
            name = text(replace(cell, symbol=gradient))
            words += f", {name} = {number(found.slope, view.decimals)}"
        updated = place.iteration == view.iteration and view.state.done(place.symbol)
        after = view.provenance.number(place) if updated else None
        lazy.loss_of_parameter(
            canvas, frame, found, words, view.decimals, tangent=known, after=after
        )

    def draw_course(self, canvas: Canvas, view: View, width: int, height: int) -> int:
        """Draw the losses so far beside the text, and return the columns left for the text."""
        frame = beside_text(width, height)
        lazy.losses_so_far(canvas, frame, view)
        return frame.x - 3

    def draw_steps(self, canvas: Canvas, view: View, width: int, height: int) -> int:
        """Write the steps of the iteration beside the text, below them the losses so far, which go
        before steps far from the current one; return the columns left for the text."""
        columns = max(STEPS, min(width // 2, MOST_STEPS))
        x, rows = width + 1 - columns, height
        if height > LOW_STEPS + LEAST_CURVE:
            rows -= LEAST_CURVE + 1
        rows = min(rows, len(view.program.steps) + 1)
        below = lazy.paint_iteration(
            canvas, view, Region(x, 1, columns, rows), self.is_covered(view) or bool(view.hidden)
        )
        if height - below >= LEAST_CURVE:
            lazy.losses_so_far(canvas, Region(x, below + 1, columns, height - below), view)
        return x - 4

    def opened(self, view: View) -> bool:
        """Whether the panel has the screen to itself, so that long sums are opened in it."""
        return view.maximised and view.chosen == self.id

    def emphasise(self, canvas: Canvas, view: View) -> None:
        """Highlight the chosen term in the line of symbols."""
        found = view.explanation
        if view.inspection.place and found and found.sources:
            term = found.sources[view.inspection.term % len(found.sources)]
            canvas.emphasise(text(term.cell), "cursor")


def loss_curve(view: View, width: int, height: int) -> tuple[Sweep, Region] | None:
    """Return the curve of an inspected parameter and its place: at the right of the text, or under
    it in a panel that has the screen to itself. None where there is no room."""
    place = view.inspection.place
    if place is None or place.symbol not in view.program.parameters or height < ROOMY:
        return None
    if width >= CURVE + WORDS:
        frame = beside_text(width, height)
    elif height >= 2 * LEAST_CURVE:
        tall = max(LEAST_CURVE, height // 2)
        frame = Region(1, height + 1 - tall, width, tall)
    else:
        return None
    found = lazy.sweep(view.program, view.state.iteration, place.cell)
    return None if found is None else (found, frame)


def beside_text(width: int, height: int) -> Region:
    """Return the place of a curve at the right of the text, larger in a larger panel."""
    columns = max(CURVE, min(2 * CURVE, width * 2 // 5))
    return Region(width + 1 - columns, 1, columns, min(height, max(14, columns * 2 // 5)))


def message_lines(view: View, width: int) -> list[TextLine]:
    """The lines of a message for which there is no room in the title."""
    rest = wrapped(view.message, width, MOST_LINES)[1:] if view.message else []
    return [TextLine(line, "note strong", 10) for line in rest]


def title(view: View) -> str:
    """Say which step or which number is explained."""
    position = view.state.position
    if view.inspection.place:
        trail = " ‹ ".join(text(place.cell) for place in reversed(view.inspection.trail[-4:]))
        at = view.inspection.place.iteration
        if not at:
            return f"{trail}: initial value"
        return f"Why {trail}" + (f"  iteration {at}" if at != view.iteration else "")
    if view.step is None:
        return "Start" if position.iteration == 1 else "A new iteration: the cache is empty"
    is_wrong = view.place is not None and view.wrong(view.place)  # that takes the room
    where = "" if is_wrong else worked_on(view, view.step)
    where = f", {where}" if where else ""
    number_of = view.state.number
    opened = ""
    if position.elements:
        opened = f", element {position.elements} of {view.state.result(view.step.symbol).size}"
    return f"Step {number_of}  {view.step.phase}{where}{opened}"


def worked_on(view: View, step: Step) -> str:
    """Say which group a step works on, or which of them share what it writes."""
    program = view.program
    if step.group:
        return named(program, (step.group,))
    of = step.role.of or step.symbol
    users = {s.group for s in program.steps if s.phase == "forward" and of in names(s.expression)}
    shared = named(program, (g for g in program.groups if g in users))
    return f"shared by {shared}" if shared and len(users) > 1 else ""


def verdict(view: View) -> str:
    """Say what the gradient check found for the gradient that is shown; of a number that the run's
    mistake changed, what is correct."""
    place = view.place
    if view.writing:
        return "⏎ checks it   esc leaves"
    if place is None or not view.known(place):
        return ""
    if wrong := view.wrong(place):
        own, correct = lazy.computed_and_correct(view, place)
        return f"{wrong} {text(place.cell)}: computed {own}, correct {correct}"
    return view.verdict
