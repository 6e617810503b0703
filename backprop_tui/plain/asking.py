"""What is said of a question: what is asked, the choices, hints, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.explain.explanation import Explanation
from backprop_tui.learn.formulas import hint_of
from backprop_tui.learn.parts import parts_of, put_together
from backprop_tui.learn.questions import AskedQuestion, QuestionOutcome
from backprop_tui.learn.votes import Choice
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.words import WORDS, figure_in_words, sentence, spoken
from backprop_tui.maths.writing import text
from backprop_tui.plain.telling import advised, formulas
from backprop_tui.session.question import HINTS, Asking
from backprop_tui.session.session import Session

HOW = {
    "vote": "Type 1 to {}, the number of a choice; hint gives a hint, next shows it.",
    "number": "Answer with a number, or at least its sign: plus or minus; hint gives a hint, next "
    "shows it.",
    "formula": "Answer with the formula of the whole step; hint gives a hint, next shows it.",
    "line": "Answer with the line; hint gives a hint, next shows it.",
}
COMPARE = "Or type up or down: will it be bigger or smaller than it was before?"
PART = (
    "Answer with this number, or with that of the whole step; hint gives a hint, next shows the "
    "step."
)
SAY_IT = "Discuss it with your neighbour; next shows it."
NUMERIC, TYPED = ("vote", "number"), ("number", "formula")


def how(asked: AskedQuestion) -> str:
    """How a question is answered."""
    if asked.part and asked.form == "number":
        return PART
    form = "line" if asked.form == "formula" and asked.line else asked.form
    return HOW.get(form, SAY_IT).format(len(asked.choices))


def question(session: Session, asking: Asking) -> Iterator[str]:
    """What is asked, the choices, and how it is answered."""
    asked = asking.asked
    step = f"before step {session.position.steps + 1}"
    where = f"line {asked.line} of {asked.cell.symbol}" if asked.line else step
    yield f"{asking.attempt.capitalize()}, {where}."
    yield asked.text
    what = f"What is {_name(session, asked)}?"
    if is_numeric(asked) and not asked.part and what not in asked.text:
        yield what
    for k, choice in enumerate(asking.choices, 1):
        struck = ", which was not correct" if k - 1 in asking.struck else ""
        yield f"{k}: {_chosen(asked, choice)}{struck}."
    yield how(asked)
    if asking.exact:
        yield asking.exact
    if asked.form == "number" and asking.compares:
        yield COMPARE


def is_numeric(asked: AskedQuestion) -> bool:
    """Whether a number is asked for."""
    return asked.form in NUMERIC and not asked.worded


def _chosen(asked: AskedQuestion, choice: Choice) -> str:
    """A choice as it is said: a number in words, or its author's words."""
    if asked.worded:
        return spoken(choice.written.rstrip("."))
    return figure_in_words(choice.written)


def _name(session: Session, asked: AskedQuestion) -> str:
    """The number that is asked for: its cell, or the matrix that it is all of."""
    single = session.view.state.shapes[asked.cell.symbol] == (1, 1)
    return asked.cell.symbol if single else text(asked.cell)


def ending(session: Session, over: Asking) -> Iterator[str]:
    """How a question ended: whether it was answered, and what the right answer is."""
    asked = over.asked
    if over.outcome is QuestionOutcome.RIGHT:
        what = "Correct" if asked.worded else f"{over.typed} is correct"
        yield f"{what}, {over.tries}."
        if over.judged and over.judged.said:
            yield over.judged.said
    elif over.outcome is QuestionOutcome.MISSED and over.judged:
        yield _not_correct(over.judged.said)
    if is_numeric(asked):
        right = session.write(session.provenance.number(asked.place))
        yield f"{_name(session, asked)} is {figure_in_words(right)}."
        if over.outcome is QuestionOutcome.MISSED:
            yield from _opened(session, over)
    for k, choice in enumerate(over.choices, 1):
        if not asked.worded:
            yield f"{k}: {_chosen(asked, choice)}, {choice.label or 'correct'}."
        elif choice.right:
            why = f" {spoken(choice.label)}" if choice.label else ""
            yield f"{k} is correct: {_chosen(asked, choice)}.{why}"
    if asked.answer:
        yield asked.answer


def _not_correct(said: str) -> str:
    """What is said of a wrong answer, with the verdict before it where it does not give it."""
    return sentence(said) if " not correct" in said else f"Not correct. {sentence(said)}"


def _opened(session: Session, over: Asking) -> Iterator[str]:
    """The step opened into its parts; the one in which the answer differs is named."""
    found = Explanation(session.provenance, over.asked.place, session.write)
    for part in parts_of(found):
        if not isinstance(part, Cell):
            differs = over.judged is not None and over.judged.term == part
            value = found.written(found.value(part))
            yield f"{text(part)} = {value}{'; here your answer differs' if differs else ''}."


def is_led(was: Asking, now: Asking) -> bool:
    """Whether an answer has led into the parts of a number, on to another, or back to the whole."""
    return now.judged is not was.judged and (now.whole is not was.whole)


def answered_part(session: Session, was: Asking, now: Asking) -> Iterator[str]:
    """What became of an answer that led into the parts, or of a part; behind the last part, what is
    left."""
    if now.judged:
        yield _not_correct(now.said) if was.whole is None else sentence(now.said)
    if now.parts and now.parts_over == len(now.parts):
        found = Explanation(session.provenance, now.asked.place, session.write)
        if len(parts_of(found)) == len(now.parts):
            yield sentence(f"Now: {put_together(found)}.")


def progress(session: Session, before: Asking, now: Asking, spelling: str) -> Iterator[str]:
    """What an answer, or a wish for a hint, has changed of a question that is still open."""
    if now.misses > before.misses and now.judged:
        yield _not_correct(now.said)
        if where := ", ".join(dict.fromkeys(map(text, now.look[:4]))):
            yield sentence(f"Look at {where}.")
    elif now.judged is not before.judged and now.judged:
        unread = now.judged.verdict.value == "unreadable"
        yield sentence(advised(now.judged.said, how(now.asked)) if unread else now.judged.said)
    if now.hints > before.hints:
        yield from hint(session, now, spelling)


def hint(session: Session, asking: Asking, spelling: str) -> Iterator[str]:
    """The hint that is due: the shape and the parts, the formula, the numbers put in."""
    if asking.asked.part:
        yield sentence(f"Hint: {asking.asked.hint}")
        return
    if asking.asked.hint and (board := session.blackboard):
        line = board.derivation.lines[asking.asked.line - 1]
        yield f"Hint: the next line equals {line.written(WORDS)}."
        return
    found = Explanation(session.provenance, asking.asked.place, session.write)
    if asking.asked.form == "formula":
        yield sentence(hint_of(found.step, found.shapes))
        if asking.hints < HINTS:
            return
    yield from formulas(found.step, spelling, "Hint")
    if asking.hints > 1 and asking.asked.form != "formula":
        yield sentence(f"{found.cell} = {found.with_figures()}.")
