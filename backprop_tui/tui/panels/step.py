"""The Step panel: formula and shapes, one element with its numbers, why, where it goes, the note.

It lays out what `explanation` finds, in as many lines as there are; what matters least goes first
when there are too few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backprop_tui.explain.explanation import Explanation, spelled_uses
from backprop_tui.explain.provenance import Place
from backprop_tui.maths.indices import index_form
from backprop_tui.maths.numbers import number, told_apart
from backprop_tui.maths.writing import text
from backprop_tui.session.view import CHANGED, View, hue
from backprop_tui.tui.paint.canvas import COVERED, Canvas, shortened, wrapped
from backprop_tui.tui.panels.panel import Panel

if TYPE_CHECKING:  # imported when they are needed: the start does not wait for it
    from backprop_tui.run.sweep import Sweep
    from backprop_tui.session.question import Asking
    from backprop_tui.tui.paint.tangent import Frame

RECKONED = 2000
"""Numbers in a sum, beyond which nobody reckons whether their rounding shows in the result."""
FIGURES = re.compile(r"\([−-][\d.e−∞]+\)|(?<![\w.])[−-]?\d+\.\d+(?:e−?\d+)?")
"""Numbers with their signs, and the brackets that only a negative one has: covered, all are one."""
CURVE, LEAST_CURVE, WORDS = 48, 8, 60
"""Columns of a loss curve beside the text, at least, and the fewest lines of one under it; columns
of the text at least."""
TALL = 24
"""From this many lines on, a blank one stands between the lines of nearly any step."""
ROOMY = 11
"""From this many lines on, each part has lines of its own."""


@dataclass(frozen=True)
class Line:
    """A line of the panel; the least `weight` is left out first. Two texts: one at either end."""

    text: str
    looks: str = ""
    weight: int = 5
    right: str = ""
    goes_on: bool = False
    """Whether it goes on with the line before."""


def paragraph(text: str, width: int, most: int, looks: str, weight: int) -> list[Line]:
    """A text in at most so many lines."""
    lines = wrapped(text, width, most)
    return [Line(line, looks, weight, goes_on=k > 0) for k, line in enumerate(lines)]


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
        elif view.roomy and height >= TALL and width >= CURVE + WORDS:
            width = self.draw_course(canvas, view, width, height)
        if view.asking and not view.inspection.place:
            self.question(canvas, view, view.asking, width)
            return
        found = self.explained(view, width, height)
        if self.opened(view):
            found += all_terms(view.explanation)
            first = max(0, min(view.scrolled, len(found) - height))
            if len(found) > height:
                note = f"lines {first + 1}–{first + height} of {len(found)}, ↑ ↓"
                self.rule(canvas, view, title(view), note)
            found = found[first : first + height]
        if self.is_covered(view):
            found = [replace(line, text=FIGURES.sub(5 * COVERED, line.text)) for line in found]
        self.put_lines(canvas, self.airy(view, found, height), width, height)
        self.emphasise(canvas, view)

    def is_covered(self, view: View) -> bool:
        """With its own, the numbers wait here that stand covered on their board; a question's own
        are given, or answered."""
        stands_on = None if view.place is None or view.asking else view.board_of(view.place.symbol)
        return super().is_covered(view) or stands_on in view.hidden

    def airy(self, view: View, lines: list[Line], height: int) -> list[Line]:
        """With a blank line behind each where there is much room: for the last row."""
        spread = self.opened(view) or (view.roomy and height >= TALL)
        if not spread or 2 * len(lines) > height:
            return lines
        return [line for one in lines for line in (one, Line("", weight=0))]

    def put_lines(self, canvas: Canvas, lines: list[Line], width: int, height: int) -> None:
        """As many as there is room for, without the least of them; what is too long for its line
        goes on in the next where that leaves any."""
        kept = list(lines)
        while len(kept) > height > 0:
            least = min(line.weight for line in kept)
            at = max(k for k, line in enumerate(kept) if line.weight == least)
            if kept[at].goes_on:
                kept[at - 1] = replace(kept[at - 1], text=f"{kept[at - 1].text} …")
            del kept[at]
        y, spare = 1, height - len(kept)
        for line in kept:
            parts = [shortened(line.text, width)]
            if spare and len(line.text) > width:
                parts = wrapped(line.text, width, 1 + spare)
            for part in parts:
                canvas.put(1, y, part, line.looks)
                y += 1
            spare -= len(parts) - 1
            if line.right and len(line.text) + len(line.right) + 2 <= width:
                canvas.right(width + 1, y - 1, line.right, "quiet")

    def question(self, canvas: Canvas, view: View, asking: Asking, width: int) -> None:
        """What is asked of the step, or how that ended."""
        from backprop_tui.tui.panels.question import question_lines  # only where something is

        self.rule(
            canvas, view, f"Ask  step {view.state.number}: {asking.cell.symbol}", asking.attempt
        )
        covered = asking.is_open and asking.typing
        height = canvas.height - (2 if covered else 1)
        found = self.airy(view, question_lines(view, asking, width, height), height)
        self.put_lines(canvas, found, width, height)
        if not asking.is_open and view.explanation:
            for cell in asking.look[:2]:  # the term that went wrong, in the line of numbers
                canvas.emphasise(view.explanation.figure(cell), "cursor")

    def draw_curve(self, canvas: Canvas, view: View, found: Sweep, frame: Frame) -> None:
        """The loss as the explained parameter alone changes, with its slope."""
        from backprop_tui.tui.paint.tangent import paint

        place = view.place
        assert place is not None
        gradient, cell = f"d{place.symbol}", text(place.cell)
        known = view.state.done(gradient)
        words = f"{view.state.program.objective} over {cell} alone"
        if known and found.slope is not None:
            words += f", slope d{cell} = {number(found.slope, view.decimals)}"
        updated = place.iteration == view.iteration and view.state.done(place.symbol)
        after = view.provenance.number(place) if updated else None
        paint(canvas, frame, found, words, view.decimals, tangent=known, after=after)

    def draw_course(self, canvas: Canvas, view: View, width: int, height: int) -> int:
        """The losses so far beside the text; the columns that are left for it."""
        from backprop_tui.tui.paint.course import paint

        frame = beside_text(width, height)
        paint(canvas, frame, view)
        return frame.x - 3

    def opened(self, view: View) -> bool:
        """Whether the panel has the screen to itself, so that long sums are opened in it."""
        return view.maximised and view.chosen == self.id

    def explained(self, view: View, width: int, height: int) -> list[Line]:
        """The lines for the number that the view explains."""
        if view.writing:
            return asked(view, width)
        if view.place is None:
            return beginning(view, width, height)
        if view.explanation is None:
            return given(view, view.place)
        return computed(view, view.explanation, width, height)

    def emphasise(self, canvas: Canvas, view: View) -> None:
        """The chosen term, in the line of symbols."""
        found = view.explanation
        if view.inspection.place and found and found.reads:
            term = found.reads[view.inspection.term % len(found.reads)]
            canvas.emphasise(text(term.cell), "cursor")


def loss_curve(view: View, width: int, height: int) -> tuple[Sweep, Frame] | None:
    """The curve of an inspected parameter, and where it stands: at the right, or under the text of
    a panel that has the screen to itself; None where there is no room."""
    place = view.inspection.place
    if place is None or place.symbol not in view.state.program.parameters or height < ROOMY:
        return None
    from backprop_tui.run.sweep import sweep
    from backprop_tui.tui.paint.tangent import Frame

    if width >= CURVE + WORDS:
        frame = beside_text(width, height)
    elif height >= 2 * LEAST_CURVE:
        tall = max(LEAST_CURVE, height // 2)
        frame = Frame(1, height + 1 - tall, width, tall)
    else:
        return None
    found = sweep(view.state.program, view.state.iteration, place.cell)
    return None if found is None else (found, frame)


def beside_text(width: int, height: int) -> Frame:
    """Where a curve stands at the right of the text: larger in a larger panel."""
    from backprop_tui.tui.paint.tangent import Frame

    columns = max(CURVE, min(2 * CURVE, width * 2 // 5))
    return Frame(width + 1 - columns, 1, columns, min(height, max(14, columns * 2 // 5)))


def all_terms(found: Explanation | None) -> list[Line]:
    """Every term of a sum on a line of its own."""
    terms = found.terms() if found else ()
    if not terms:
        return []
    wide = [max(len(term[k]) for term in terms) for k in range(3)]
    return [
        Line(""),
        Line(f"{len(terms)} terms", "strong"),
        *(
            Line(f"{symbols:<{wide[0]}}  = {numbers:>{wide[1]}}  = {comes_to:>{wide[2]}}")
            for symbols, numbers, comes_to in terms
        ),
    ]


def title(view: View) -> str:
    """Which step, or which number, this is about."""
    position = view.state.position
    if view.inspection.place:
        trail = " ‹ ".join(text(place.cell) for place in reversed(view.inspection.trail[-4:]))
        at = view.inspection.place.iteration
        when = f"  iteration {at}" if at else "  as it began"
        return f"Why {trail}" + (when if at != view.iteration else "")
    if view.step is None:
        return "Start" if position.iteration == 1 else "A new iteration: the cache is empty"
    where = f", layer {view.step.layer}" if view.step.layer else ""
    number_of = view.state.number
    opened = ""
    if position.elements:
        opened = f", element {position.elements} of {view.state.result(view.step.symbol).size}"
    return f"Step {number_of}  {view.step.phase}{where}{opened}"


def verdict(view: View) -> str:
    """What the gradient check says of the gradient that is shown."""
    place = view.place
    if view.writing:
        return "⏎ tries it   esc leaves"
    if place is None or place.iteration != view.iteration or not view.known(place):
        return ""
    return view.verdicts.get(place.symbol, "")


def computed(view: View, found: Explanation, width: int, height: int) -> list[Line]:
    """A number that a step computed."""
    roomy = height >= ROOMY
    apart = roomy or len(found.formula) + len(found.shape_line) + 4 > width
    head = Line(found.formula, f"strong {hue(view)}", 9, "" if apart else found.shape_line)
    lines = [head]
    if apart:
        lines.append(Line(found.shape_line, "quiet", 4))
    if roomy:
        target, shapes = found.step.target, found.shapes
        form = index_form(target, found.step.expression, shapes)
        if not form.startswith(found.cell):  # of a single number it would say the same twice
            lines.append(Line(form, "quiet", 1))
    shown = element_lines(found, width, max(1, min(3, height - 1)) + roomy * (height // 4))
    lines += [Line(line, "", 7) for line in shown[:-1]] + [Line(shown[-1], "", 8)]
    lines += changed(view, found.place)
    for remark in found.remarks:
        proof = found.step.derivation is not None  # why it is A − Y: wanted whole
        most, weight = (3, 5) if proof else (2 if roomy else 1, 4)
        looks = "" if proof else "quiet"
        lines += [Line(line, looks, weight) for line in wrapped(remark, width, most)]
    if not found.known:
        number_of = view.state.program.index(found.step.symbol) + 1
        lines.append(Line(f"Not computed yet: step {number_of} computes it.", "strong", 8))
    notes = () if view.inspection.place else view.notes
    # What is said of this very step goes before what is said of every such step.
    if view.is_as_taught:
        lines.append(Line(found.reason, "strong", 5 if notes else 6))
    uses, others = goes_into(view, found.place), other_examples(view, found)
    if uses or others:
        lines.append(Line(uses or others, "quiet", 3, others if uses else ""))
    if roomy:
        lines.append(Line(f"NumPy  {found.numpy}", "quiet", 2))
        if height >= ROOMY + 4:
            lines.append(Line(f"LaTeX  {found.latex}", "quiet", 1))
    lines += yours(view, found, width) + beside(view, found.place, width)
    lines += printed(view, found.place, width)
    for note in notes:
        lines += paragraph(f"◆ {note}", width, 3, "note", 6)
    return lines


def asked(view: View, width: int) -> list[Line]:
    """A formula is being written: what is asked, and what was found of the last answer."""
    lines = [Line(f"Write {view.writing}: what is it made of?", f"strong {hue(view)}", 9)]
    for k, sentence in enumerate(view.told):
        looks, sign = ("", "") if k else ("wrong", "✗ ")
        lines += [Line(line, looks, 8 - k) for line in wrapped(f"{sign}{sentence}", width, 3)]
    return lines


def yours(view: View, found: Explanation, width: int) -> list[Line]:
    """What its user's own formula is worth, and the taught one where that is another."""
    lines: list[Line] = []
    if own := view.yours:
        sign = "yours:" if own.accepted else "✗ yours:"
        other = "" if own.expression == own.step.expression else f"   (taught: {own.answer})"
        said = wrapped(f"{sign} {own.sentence}{other}", width, 3)
        lines += [Line(line, "note" if own.accepted else "wrong", 7) for line in said]
    program = view.state.program
    at_the_end = program.index(found.step.symbol) + 1 == len(program.steps)
    if at_the_end and len(program.own) == len(program.steps):
        lines.append(Line("The whole iteration is yours.", "note", 6))
    return lines


def beside(view: View, place: Place, width: int) -> list[Line]:
    """What is out of the ordinary about a number: ∞ and NaN, a parameter's history, divergence."""
    lines = []
    if view.known(place):
        if origin := view.provenance.origin(place):
            first, sentence = origin
            ahead = "" if first == place else f"It began at {text(first.cell)}: "
            lines += [Line(line, "wrong", 7) for line in wrapped(f"✗ {ahead}{sentence}", width, 2)]
        if view.inspection.place and view.provenance.is_parameter(place.symbol):
            lines.append(Line(history(view, place), "quiet", 5))
    right = view.correct(place)
    if right is not None:
        said = told_apart(right, view.provenance.number(place), view.decimals)
        lines.append(Line(f"✗ right: {said}", "wrong", 7))
    if slip := view.slip:
        lines += [Line(line, "wrong", 7) for line in wrapped(f"✗ Mistaken: {slip}", width, 2)]
    state = view.state
    if state.iteration.diverged and state.position.steps == len(state.program.steps):
        ended = (
            f"✗ {state.iteration.diverged} is no longer finite: the run has diverged in "
            f"iteration {view.iteration} and ends here. ⌫ goes back."
        )
        lines += [Line(line, "wrong", 7) for line in wrapped(ended, width, 2)]
    return lines


def printed(view: View, place: Place, width: int) -> list[Line]:
    """The figures that the experiment's source prints of the number, and whether they are right."""
    lines = []
    for figure in view.figures(place)[:2]:
        of = "" if figure.cell else f"{figure.of} = "
        if figure.wrong is not None:
            right = f"; {figure.correct} is right" if figure.correct else ""
            said = f"≠ printed {of}{figure.printed}: known to be wrong{right}. {figure.wrong.why}"
            lines += [Line(line, "quiet", 6) for line in wrapped(said, width, 2)]
        elif figure.failed:
            said = sourced(f"✗ printed {of}{figure.printed}", figure.source, width)
            lines.append(Line(said, "wrong", 6))
        else:
            said = sourced(f"✓ as printed: {of}{figure.printed}", figure.source, width)
            lines.append(Line(said, "quiet", 3))
    return lines


def sourced(said: str, source: str, width: int) -> str:
    """What is said with where it stands: whole, or its first words, or not at all, as it fits."""
    ways = (f"{said} ({of})" for of in (source, source.split(",")[0]))
    return next((way for way in ways if len(way) <= width), said)


def history(view: View, place: Place) -> str:
    """A parameter's value at the start, then after the last updates."""
    (_, began), *later = view.provenance.history(place)
    steps = [f"after {k}: {number(value, view.decimals)}" for k, value in later]
    return f"History  began as {number(began, view.decimals)}" + "".join(f", {s}" for s in steps)


def given(view: View, place: Place) -> list[Line]:
    """A number that no step made."""
    written = number(view.provenance.number(place), view.decimals)
    lines = [
        Line(f"{text(place.cell)} = {written}", "strong", 9, column_name(view, place)),
        Line(f"{view.provenance.given(place)}.".capitalize(), "", 8),
        *changed(view, place),
    ]
    if uses := goes_into(view, place):
        lines.append(Line(uses, "quiet", 3))
    return lines


def beginning(view: View, width: int, height: int) -> list[Line]:
    """Before the first step: what this experiment is, and how to begin."""
    experiment = view.state.experiment
    about = wrapped(experiment.about, width, max(1, height - 2))
    program = view.state.program
    whole = len(program.own) == len(program.steps)
    return [
        Line(experiment.title, "strong", 8),
        *(Line(line) for line in about),
        *([Line("The whole iteration is yours.", "note", 7)] if whole else []),
        Line("Press space for the next step.", "key", 7),
    ]


def changed(view: View, place: Place) -> list[Line]:
    """By how much the last edit changed the number: `was −0.486, now −0.512 (−0.026)`."""
    if (found := view.change(place)) is None:
        return []
    was, now = (number(value, view.decimals) for value in found)
    by = number(found[1] - found[0], view.decimals)
    signed = by if by.startswith("−") else f"+{by}"
    return [Line(f"{CHANGED} was {was}, now {now} ({signed})", "strong", 8)]


def column_name(view: View, place: Place) -> str:
    """What the data calls an input or a target."""
    data = view.state.experiment.data
    names = {"X": data.input_names, "Y": data.output_names}.get(place.symbol)
    return names[place.cell.row - 1] if names else ""


def goes_into(view: View, place: Place) -> str:
    """Where the number goes next."""
    return "  ".join(["goes into", " ".join(uses)]) if (uses := spelled(view, place)) else ""


def other_examples(view: View, found: Explanation) -> str:
    """How to see the numbers that it reads of examples whose columns are not shown."""
    per_example = view.state.program.per_example
    if view.state.examples == 1 or found.step.symbol in per_example:
        return ""
    read = (p.cell.column - 1 for p in found.reads if p.symbol in per_example)
    return "k shows the other examples" if any(k != view.column for k in read) else ""


def spelled(view: View, place: Place) -> tuple[str, ...]:
    return spelled_uses(view.provenance, place)


def element_lines(found: Explanation, width: int, most: int) -> list[str]:
    """`dW2[1,2] = dZ2[1,1] · A1[2,1] = −0.486 × 0.408 = −0.198`, broken before a `=`.

    Where that takes more than `most` lines, the symbols are folded in the middle of their sums,
    then the numbers as well; then the symbols give way. The result always stands.
    """
    lines: list[str] = []
    for symbols_fold, numbers_fold, symbols in (
        (None, None, True),
        (4, None, True),
        (3, None, True),
        (None, None, False),
        (4, 6, True),
        (3, 4, True),
        (3, 3, True),
        (3, 3, False),
    ):
        if numbers_fold is None and len(found.reads) > 60:
            continue
        said = found.symbols(symbols_fold) if symbols else ""
        lines = _broken(found, width, said, found.numbers(numbers_fold))
        if len(lines) <= most:
            break
        shorter = found.numbers(numbers_fold)[-1:]  # only the last, simplest stage
        if len(lines := _broken(found, width, said, shorter)) <= most:
            break
    if len(lines) > most == 1 and (numbers := found.numbers(3)):
        alone = f"= {numbers[-1]} = {found.result}"  # whose numbers they are, the title says
        return [alone if len(alone) <= width else f"{found.cell} = … = {found.result}"]
    return lines


def _broken(found: Explanation, width: int, symbols: str, numbers: tuple[str, ...]) -> list[str]:
    reckoned = len(found.reads) <= RECKONED and found.rounded
    result = found.result + (" (rounded)" if reckoned else "")
    pieces = [piece for piece in dict.fromkeys((symbols, *numbers, result)) if piece]
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
