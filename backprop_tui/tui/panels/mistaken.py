"""What the Step panel says of a wrong number: what this run computes, beside what is correct."""

from __future__ import annotations

from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Place
from backprop_tui.maths.expressions import Expr, Name, names, replace
from backprop_tui.maths.numbers import told_apart
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Step
from backprop_tui.session.view import CARRIED_ON, ENTERS, View, hue
from backprop_tui.tui.paint.cells import WRONG
from backprop_tui.tui.paint.lines import TextLine, paragraph
from backprop_tui.tui.panels.step_lines import special_lines, used_in

THIS_RUN, CORRECT = "this run  ", "correct   "


def mistaken_lines(view: View, width: int) -> list[TextLine]:
    """Return the lines for a number that the run's mistake changed; none for any other.

    Where there is no room for all, the reason goes first, then the correct element; never a
    formula.
    """
    found, right = view.explanation, view.correct_explanation
    if found is None or right is None:
        return []
    sign, room = view.wrong(found.place), width - len(THIS_RUN)
    looks, strong = WRONG[sign], f"strong {hue(view)}"
    own, correct = formulas(view, found, right)
    results = computed_and_correct(view, found.place)
    if own == correct:
        lines = [TextLine(own, strong, 9, because(view, found))]
    else:
        why = because(view, found) if sign == CARRIED_ON else f"{ENTERS} {how(view, found.step)}"
        lines = [
            TextLine(f"{THIS_RUN}{own}", strong, 9, why),
            TextLine(f"{CORRECT}{correct}", strong, 9),
        ]
    lines += [
        TextLine(f"{THIS_RUN}{element(found, room, f'{sign}{results[0]}')}", looks, 8),
        TextLine(f"{CORRECT}{element(right, room, f' {results[1]}')}", "", 6),
    ]
    for sentence in view.right.told(found.place) if view.right else ():
        lines += paragraph(sentence, width, 3, "", 4 if sign == ENTERS else 7)
    if sign == CARRIED_ON and view.entrance and view.inspection.place is None:
        shows = f"⏎ shows {text(view.entrance.cell)}"
        lines.append(TextLine(f"{shows}   m removes the mistake", "quiet", 3))
    if view.is_as_taught and own == correct:
        lines.append(TextLine(found.reason, "", 4))
    if view.verdict:
        lines.append(TextLine(view.verdict, "quiet", 5))
    if uses := used_in(view, found.place, width):
        lines.append(TextLine(uses, "quiet", 1))
    return lines + special_lines(view, found.place, width)


def computed_and_correct(view: View, place: Place) -> tuple[str, str]:
    """Return a wrong number and the correct one, with as many digits as they differ in."""
    correct = view.correct(place)
    assert correct is not None
    return told_apart(view.provenance.number(place), correct, view.decimals)


def formulas(view: View, found: Explanation, right: Explanation) -> tuple[str, str]:
    """Return the formula of the step as this run computes it, and the correct one."""
    early = [s for s in names(found.step.expression) if read_early(view, found.step, s)]
    own, correct = (
        " = ".join(
            text(marked(e, early, when))
            for e in (step.target, step.derivation, step.expression)
            if e is not None
        )
        for step, when in ((found.step, "new"), (right.step, "old"))
    )
    return own, correct


def marked(e: Expr, symbols: list[str], when: str) -> Expr:
    """Return `e` with these symbols written as (new W2)."""
    return replace(e, {Name(symbol): Name(f"({when} {symbol})") for symbol in symbols})


def read_early(view: View, step: Step, symbol: str) -> bool:
    """Whether a step reads a parameter that a mistake has updated too early."""
    at = view.program.positions.get(symbol)
    made = None if at is None else view.program.steps[at]
    return made is not None and step.phase == "backward" and view.program.is_early(made)


def how(view: View, step: Step) -> str:
    """Return how the mistake is made in a step: without multiplying by g′."""
    for symbol in names(step.expression):
        if read_early(view, step, symbol):
            early = view.program.steps[view.program.index(symbol)]
            at = view.program.index(symbol) + 1
            return f"new {symbol} = {text(early.expression)}, computed in step {at}"
    slip = view.slip
    return slip.mistake.how if slip else ""


def because(view: View, found: Explanation) -> str:
    """Return what is wrong where a formula is correct: the formula is correct, ~dZ1 is not."""
    wrong: dict[str, str] = {}
    for place in view.right.read_for(found.place) if view.right else ():
        if sign := view.wrong(place):
            wrong[place.symbol] = sign
    these = " and ".join(f"{sign}{symbol}" for symbol, sign in wrong.items())
    are = "is" if len(wrong) == 1 else "are"
    chain = "chain rule" if found.step.derivation else "formula"
    return f"the {chain} is correct, {these} {are} not" if these else ""


def element(found: Explanation, room: int, result: str) -> str:
    """Return dW1[1,2] = 0.0073 × 0.1000 =~0.0007, shortened where there is little room."""
    stages = [found.numbers(fold) or (found.symbols(fold),) for fold in (None, 6, 4, 3)]
    ways = [*(stage[0] for stage in stages), stages[0][-1]]
    written = [f"{found.cell} = {way} ={result}" for way in ways]
    return next((line for line in written if len(line) <= room), f"{found.cell} ={result}")
