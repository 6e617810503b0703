"""What the Step panel says of a number: formula, shapes, the numbers of one element, the reason."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from backprop_tui.explain.explanation import ROUNDED, Explanation
from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.indices import index_form
from backprop_tui.maths.numbers import number
from backprop_tui.maths.writing import text
from backprop_tui.session.view import CHANGED, GIVEN, View, hue
from backprop_tui.tui.paint.canvas import shortened, wrapped
from backprop_tui.tui.paint.lines import BLANK, TextLine, paragraph
from backprop_tui.tui.panels.term_lines import example_lines, head_of, term_lines

ROUNDING_SHOWS = 2000
"""Terms of a sum beyond which it is not said that a result is rounded."""
MOST, MOST_ROOMY = 3, 6
"""Numbers of a step of which every term over the examples is shown; of which each is written out,
in a large panel."""
ROOMY = 11
"""From this many lines on, each part has lines of its own."""


def explained(view: View, width: int, height: int) -> list[TextLine]:
    """Return the lines for the number that the view explains."""
    if view.writing:
        return writing_lines(view, width)
    if view.unrevealed and view.explanation and view.place == view.explanation.place:
        return unrevealed_lines(view, view.explanation)
    if view.place is None:
        return start_lines(view, width, height)
    if view.explanation is None:
        return given_lines(view, view.place, width)
    return computed_lines(view, view.explanation, width, height)


def computed_lines(view: View, found: Explanation, width: int, height: int) -> list[TextLine]:
    """Return the lines for a number that a step computes."""
    roomy = height >= ROOMY
    formula, sizes = head_of(view, found)
    apart = roomy or len(formula) + len(sizes) + 4 > width
    head = TextLine(formula, f"strong {hue(view)}", 9, "" if apart else sizes)
    lines = [head]
    if apart:
        lines.append(TextLine(sizes, "quiet", 4))
    lines += term_lines(view, found, width)
    if roomy:
        target, shapes = found.step.target, found.shapes
        form = index_form(target, found.step.expression, shapes)
        if not form.startswith(found.cell):  # of a single number it would say the same twice
            lines.append(TextLine(form, "quiet", 1))
    gap = [BLANK] if roomy else []  # between what is of one kind
    lines += gap
    table = example_lines(view, found, width, MOST_ROOMY if roomy else MOST)
    lines += table
    if roomy or not table:
        shown = element_lines(found, width, max(1, min(3, height - 1)) + roomy * (height // 4))
        lines += gap * bool(table)
        last = len(shown) - 1
        for k, line in enumerate(shown):
            goes_on = k > 0 and (roomy or not line.lstrip().startswith("="))
            lines.append(TextLine(line, "", 7 + (k == last), goes_on=goes_on))
    if roomy and not table:
        others = other_elements(view, found, width)
        lines += [TextLine(line, "", 4, goes_on=True) for line in others]
    lines += change_lines(view, found.place)
    for remark in found.remarks:
        proof = found.step.derivation is not None  # why it is A − Y: wanted whole
        most, weight = (3, 5) if proof else (2 if roomy else 1, 4)
        looks = "" if proof else "quiet"
        if remark.startswith("= "):  # it goes on with the number: under its first =
            under = f"{' ' * len(found.cell)} {remark}"
            remark = under if len(under) <= width else remark
        shown = [remark] if len(remark) <= width else wrapped(remark, width, most)
        lines += [TextLine(line, looks, weight, goes_on=k > 0) for k, line in enumerate(shown)]
    if not found.known:
        number_of = view.program.index(found.step.symbol) + 1
        lines.append(TextLine(f"Not computed yet: step {number_of} computes it.", "strong", 8))
    notes = () if view.inspection.place else view.notes
    # What is said of this very step goes before what is said of every such step.
    lines += gap
    if view.is_as_taught:
        weight = 5 if notes else 6
        lines += [TextLine(line, "strong", weight) for line in wrapped(found.reason, width, 2)]
    lines += gap
    if uses := used_in(view, found.place, width):
        lines.append(TextLine(uses, "quiet", 3))
    if roomy:
        lines.append(TextLine(f"NumPy  {found.numpy}", "quiet", 2))
        if height >= ROOMY + 4:
            lines.append(TextLine(f"LaTeX  {found.latex}", "quiet", 1))
    lines += own_formula_lines(view, found, width) + special_lines(view, found.place, width)
    lines += published_lines(view, found.place, width)
    return lines + gap * bool(notes) + note_lines(view, notes, width, 6)


def note_lines(view: View, notes: tuple[str, ...], width: int, weight: int) -> list[TextLine]:
    """Return the lesson's notes; once more lines are revealed, those before the newest give way."""
    lines: list[TextLine] = []
    for k, note in enumerate(notes, 1):
        newest = k == len(notes)
        lines += paragraph(
            f"◆ {note}", width, 3, "note", weight if newest or not view.more_lines else 2
        )
    if notes and view.lines_left:
        lines[-1] = replace(lines[-1], right=f"{view.lines_left} more ▸")
    return lines


def unrevealed_lines(view: View, found: Explanation) -> list[TextLine]:
    """Return the lines while a step is derived: that its value is still to be found."""
    looks = f"strong {hue(view)}"
    head = TextLine(f"{found.step.symbol} = ?", looks, 9, found.shape_line)
    cell = [] if found.cell == found.step.symbol else [TextLine(f"{found.cell} = ?", "", 8)]
    return [head, *cell]


def writing_lines(view: View, width: int) -> list[TextLine]:
    """Return the lines while a formula is written: the question, and what is wrong with it."""
    lines = [TextLine(f"Write the formula for {view.writing}.", f"strong {hue(view)}", 9)]
    for k, sentence in enumerate(view.told):
        looks, sign = ("", "") if k else ("wrong", "✗ ")
        lines += [TextLine(line, looks, 8 - k) for line in wrapped(f"{sign}{sentence}", width, 3)]
    return lines


def own_formula_lines(view: View, found: Explanation, width: int) -> list[TextLine]:
    """Return the judgement on the user's own formula, and the taught one where they differ."""
    lines: list[TextLine] = []
    if own := view.yours:
        sign = "" if own.accepted else "✗ Your formula: "
        other = "" if own.expression == own.step.expression else f"   (usual: {own.answer})"
        said = wrapped(f"{sign}{own.sentence}{other}", width, 3)
        lines += [TextLine(line, "note" if own.accepted else "wrong", 7) for line in said]
    program = view.program
    at_the_end = program.index(found.step.symbol) + 1 == len(program.steps)
    if at_the_end and len(program.own) == len(program.steps):
        lines.append(TextLine("The whole iteration is yours.", "note", 6))
    return lines


def special_lines(view: View, place: Place, width: int) -> list[TextLine]:
    """Return what is special about a number: ∞ and NaN, its history, divergence."""
    lines = []
    if view.known(place):
        if origin := view.provenance.origin(place):
            first, sentence = origin
            ahead = "" if first == place else f"It comes from {text(first.cell)}: "
            lines += [
                TextLine(line, "wrong", 7) for line in wrapped(f"✗ {ahead}{sentence}", width, 2)
            ]
        if view.inspection.place and view.provenance.is_parameter(place.symbol):
            lines.append(TextLine(history(view, place), "quiet", 5))
    if view.advice:
        lines += [TextLine(line, "note", 7) for line in wrapped(view.advice, width, 3)]
    state = view.state
    if state.iteration.diverged and state.position.steps == len(state.program.steps):
        ended = (
            f"✗ {state.iteration.diverged} is no longer finite: the run has diverged in "
            f"iteration {view.iteration} and ends here. ⌫ goes back."
        )
        lines += [TextLine(line, "wrong", 7) for line in wrapped(ended, width, 2)]
    return lines


def published_lines(view: View, place: Place, width: int) -> list[TextLine]:
    """Return the published figures for a number, and whether they agree with it."""
    lines = []
    for figure in view.figures(place)[:2]:
        of = "" if figure.cell else f"{figure.of} = "
        if figure.wrong is not None:
            right = f"; correct is {figure.correct}" if figure.correct else ""
            said = f"≠ printed {of}{figure.printed}: known to be wrong{right}. {figure.wrong.why}"
            lines += [TextLine(line, "quiet", 6) for line in wrapped(said, width, 2)]
        elif figure.failed:
            said = sourced(f"✗ printed {of}{figure.printed}", figure.source, width)
            lines.append(TextLine(said, "wrong", 6))
            if figure.remark:
                lines += [TextLine(line, "quiet", 3) for line in wrapped(figure.remark, width, 2)]
        elif not figure.as_printed:
            said = sourced(f"≈ printed {of}{figure.printed}: {figure.said}", figure.source, width)
            lines.append(TextLine(said, "quiet", 3))
        else:
            said = sourced(f"✓ as printed: {of}{figure.printed}", figure.source, width)
            lines.append(TextLine(said, "quiet", 3))
    return lines


def sourced(said: str, source: str, width: int) -> str:
    """Add the source to what is said: whole, or its first words, or not, as it fits."""
    ways = (f"{said} ({of})" for of in (source, source.split(",")[0]))
    return next((way for way in ways if len(way) <= width), said)


def history(view: View, place: Place) -> str:
    """Write a parameter's initial value, then its values after the last updates."""
    steps = []
    for k, value in view.provenance.history(place):
        edited = " (edited)" if view.provenance.edit_of(Place(k, place.cell)) else ""
        when = f"after {k}:" if k else "initial value"
        steps.append(f"{when} {number(value, view.decimals)}{edited}")
    return f"History  {', '.join(steps)}"


def given_lines(view: View, place: Place, width: int) -> list[TextLine]:
    """Return the lines for a number that no step computes."""
    written = number(view.provenance.number(place), view.decimals)
    lines = [
        TextLine(f"{text(place.cell)} = {written}", "strong", 9, view.column_name(place)),
        TextLine(f"{view.provenance.given(place)}.".capitalize(), "", 8),
        *change_lines(view, place),
    ]
    if uses := used_in(view, place, width):
        lines.append(TextLine(uses, "quiet", 3))
    return lines


def start_lines(view: View, width: int, height: int) -> list[TextLine]:
    """Return the lines before the first step: the experiment, and how to begin."""
    experiment = view.state.experiment
    about = wrapped(experiment.about, width, max(1, height - 2))
    program = view.program
    whole = len(program.own) == len(program.steps)
    idle = [f"{said}." for said in program.architecture.warnings]
    given = [line for said in view.given_words for line in wrapped(said, width - 2, 2)]
    return [
        TextLine(experiment.title, "strong", 8),
        *(TextLine(line) for line in about),
        *(TextLine(f"{GIVEN} {said}" if not k else said, "", 7) for k, said in enumerate(given)),
        *(TextLine(line, "note", 7) for said in idle for line in wrapped(said, width, 2)),
        *([TextLine("The whole iteration is yours.", "note", 7)] if whole else []),
        TextLine("Press space for the next step.", "key", 7),
    ]


def change_lines(view: View, place: Place) -> list[TextLine]:
    """Say how the last edit changed the number: `was −0.486, now −0.512 (−0.026)`."""
    if (found := view.change(place)) is None:
        return []
    was, now = (number(value, view.decimals) for value in found)
    by = number(found[1] - found[0], view.decimals)
    signed = by if by.startswith("−") else f"+{by}"
    return [TextLine(f"{CHANGED} was {was}, now {now} ({signed})", "strong", 8)]


def used_in(view: View, place: Place, width: int) -> str:
    """Say where the number is used, as far as it fits."""
    uses, more = view.provenance.used_in(place), ""
    while len(said := f"used in {', '.join(uses)}{more}") > width and len(uses) > 1:
        uses, more = uses[:-1], ", …"
    return said if uses else ""


def all_terms(found: Explanation | None) -> list[TextLine]:
    """Return every term of a sum on a line of its own."""
    terms = found.terms() if found else ()
    if not terms:
        return []
    wide = [max(len(term[k]) for term in terms) for k in range(3)]
    return [
        TextLine(""),
        TextLine(f"{len(terms)} terms", "strong"),
        *(
            TextLine(f"{symbols:<{wide[0]}}  = {numbers:>{wide[1]}}  = {comes_to:>{wide[2]}}")
            for symbols, numbers, comes_to in terms
        ),
    ]


def other_elements(view: View, found: Explanation, width: int) -> list[str]:
    """Write the other numbers of a step as the explained one is written, a line each, where they
    are few; of a batch those of the same example."""
    symbol, at = found.step.symbol, (found.place.cell.row - 1, found.place.cell.column - 1)
    shape = view.state.shapes[symbol]
    side = view.program.axis if symbol in view.program.per_example else None
    many = prod(n for k, n in enumerate(shape) if k != side)
    if view.in_hand or not found.known or not 1 < many <= MOST_ROOMY:
        return []
    lines = []
    cells = (ij for ij in np.ndindex(*shape) if side is None or ij[side] == at[side])
    for i, j in (ij for ij in cells if ij != at):
        place = replace(found.place, cell=Cell(symbol, i + 1, j + 1))
        if view.provenance.step_of(place) is None:  # set by hand since
            continue
        other = Explanation(view.provenance, place, view.written)
        shown = element_lines(other, width, 1)  # a line without a name would be the one above's
        lines += shown if shown[0].startswith(symbol) else element_lines(other, width, 2)
    return lines


def element_lines(found: Explanation, width: int, most: int) -> list[str]:
    """Write `dW2[1,2] = dZ2[1,1] · A1[2,1] = −0.486 × 0.408 = −0.198`, broken before a `=`.

    Where that takes more than `most` lines, sums of symbols are shortened in the middle, then sums
    of numbers, then the symbols are left out. The result is always shown.
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
        lines = _in_pieces(found, width, said, found.numbers(numbers_fold))
        if len(lines) <= most:
            break
        shorter = found.numbers(numbers_fold)[-1:]  # only the last, simplest stage
        if len(lines := _in_pieces(found, width, said, shorter)) <= most:
            break
    if len(lines) > most == 1 and (numbers := found.numbers(3)):
        alone = f"= {numbers[-1]} = {found.result}"  # whose numbers they are, the title says
        return [alone if len(alone) <= width else f"{found.cell} = … = {found.result}"]
    return lines


def _in_pieces(found: Explanation, width: int, symbols: str, numbers: tuple[str, ...]) -> list[str]:
    rounding = len(found.reads) <= ROUNDING_SHOWS and found.rounded
    result = found.result + (ROUNDED if rounding else "")
    pieces = [piece for piece in dict.fromkeys((symbols, *numbers, result)) if piece]
    lines, line = [], found.cell
    for piece in pieces:
        if len(line) + 3 + len(piece) > width and line.strip() != found.cell:
            lines.append(line)
            line = " " * len(found.cell)
        line = f"{line} = {piece}"
    return [
        part for whole in (*lines, line) for part in _broken_line(whole, width, len(found.cell))
    ]


def _broken_line(line: str, width: int, indent: int) -> list[str]:
    """Break a line that is too long for the panel at its spaces."""
    if len(line) <= width:
        return [line]
    at = line.rfind(" ", indent + 3, width)
    if at < 0:
        return [shortened(line, width)]
    return [line[:at], *_broken_line(" " * (indent + 3) + line[at + 1 :], width, indent)]
