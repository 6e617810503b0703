"""Asking before it shows: announce, answer, reveal; a step is then two presses of one key.

Which number is asked for, and what is right, is the learner wing's; here a question is part of the
session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, printable, short
from backprop_tui.model.notes import LINE_FORM, Question
from backprop_tui.run.timeline import Position
from backprop_tui.session import lazy, travel
from backprop_tui.session.prompts import Line, Prompt
from backprop_tui.session.question import LESSON, MODES, OFF, TYPE, Asking
from backprop_tui.session.state import CannotError, SessionState

if TYPE_CHECKING:
    from backprop_tui.explain.explanation import Explanation
    from backprop_tui.explain.provenance import Place
    from backprop_tui.learn.answers import JudgedAnswer
    from backprop_tui.learn.questions import AskedQuestion, QuestionOutcome
    from backprop_tui.learn.votes import Choice

IN_WORDS = "This one is answered in words"
FORMULA = "@ matrix product   * by element   .T   g1'(Z1)   enter answers · PgDn shows it"
FIELD = "⏎ answers · PgDn shows it · ? hint · esc leaves the field"
PART = "⏎ answers · PgDn shows the step · ? hint · esc leaves the parts"
DIGITS = {
    **{digit: digit for digit in "1234"},
    "ampersand": "1",
    "é": "2",
    "quotation_mark": "3",
    "apostrophe": "4",
}
"""The keys that vote; on an AZERTY keyboard digits need shift, and the same keys give & é " '."""
ARROWS = {"up": "↑", "down": "↓"}
"""Bigger and smaller, in an empty field."""

# When it asks


def mode(s: SessionState, rest: str) -> None:
    """The next way of asking, or the one that is named."""
    modes = [m for m in MODES if m != LESSON or s.timeline.experiment.questions]
    wanted = _wanted(s, rest.lower(), modes)
    opened = s.asking is not None and s.asking.is_open
    s.mode = wanted
    s.close_all()
    s.asking = None
    if opened and wanted != OFF:
        announce_next(s)
    told = scored(s) if wanted == OFF else "They rest while a mistake is made." if s.right else ""
    s.say(" ".join(filter(None, (MODES[wanted], told))))


def _wanted(s: SessionState, typed: str, modes: list[str]) -> str:
    """The mode that a word means, also by its beginning or one like it: typed is type; without a
    word the mode after this one."""
    if not typed:
        return modes[(modes.index(s.mode) + 1) % len(modes) if s.mode in modes else 0]
    begun = [m for m in modes if typed.startswith(m) or m.startswith(typed)]
    if len(begun) == 1:
        return begun[0]
    meant = nearest(typed, modes)
    or_so = f"did you mean ask {meant}? " if meant else ""
    ways = f"It asks by {', '.join(modes)}."
    raise CannotError(f"There is no ask {printable(short(typed))}: {or_so}{ways}")


def ask_no_more(s: SessionState) -> None:
    """Out of the part that is asked for; else out of the question, and no more of them."""
    if s.asking is not None and s.asking.whole is not None:
        s.asking, s.unsent = s.asking.left_parts, ""
        return
    s.mode = OFF
    s.close_all()
    s.asking = None
    s.say(" ".join(filter(None, ("No more questions.", scored(s)))))


def rests(s: SessionState) -> bool:
    """Whether nothing is asked: under a mistake a wrong number would be called correct."""
    return s.mode == OFF or s.right is not None


# Announce and reveal


def next_step(s: SessionState, rest: str) -> None:
    """One operation forward: first its question, where one is asked, then its answer."""
    if s.playing:
        s.pause()
    elif s.asking and s.asking.is_open:
        ended = lazy.questions.QuestionOutcome
        if s.prompt is not None and s.prompt.kind == "answer":  # what was not sent is kept
            s.unsent = s.prompt.line.text
        asking = s.asking = s.asking.whole or s.asking
        seen = ended.MISSED if asking.misses else ended.SEEN
        _end(s, None if asking.asked.form == "talk" else seen, s.unsent)
    elif _has_more_lines(s):
        shown = len(s.view.notes)
        s.more_lines += 1
        s.revealed = s.view.notes[shown:]
    elif not announce_next(s):
        travel.move(s, s.timeline.forward)
        _open_for_lines(s)


def _open_for_lines(s: SessionState) -> None:
    """Open the blackboard where the experiment asks for a line of the step's derivation; close what
    a note has opened where the update begins."""
    symbol, program = s.step_symbol, s.timeline.program
    if s.led and symbol not in program.gradients:
        s.blackboard = None
    if s.levels or rests(s) or symbol is None:
        return
    own = s.timeline.experiment.questions_at(s.position.iteration, symbol)
    if any(question.form == LINE_FORM for question in own):
        s.blackboard = s.board_of(symbol)


def lead(s: SessionState) -> None:
    """Open the blackboard where a note of the step asks for it: a presenter's remote cannot."""
    symbol = s.step_symbol
    if s.levels or s.asking or symbol is None:
        return
    if any(n.derive for n in s.timeline.experiment.notes_at(s.position.iteration, symbol)):
        s.blackboard = s.board_of(symbol)
        s.led = True


def ask_line(s: SessionState) -> bool:
    """Ask for the next line on the blackboard, if this is one to be asked for: of the step shown,
    while none of another's numbers is looked at."""
    board, symbol = s.blackboard, s.step_symbol
    if board is None or board.level.symbol != symbol or board.is_inner or rests(s):
        return False
    questions = s.timeline.experiment.questions_at(s.position.iteration, symbol)
    own = next((q for q in questions if q.form == LINE_FORM), None)
    if s.mode == LESSON and own is None:
        return False
    if (place := s.view.place) is None or place.symbol != symbol:
        return False
    asked = lazy.line_questions.ask_line(
        board.program,
        place,
        board.derivation,
        s.mode == TYPE,
        own,
        s.timeline.experiment.initial.seed,
    )
    done = asked and s.score and s.score.has(asked)
    if asked is None or asked.line != len(board.lines) + 1 or done:
        return False
    _open(s, asked, again=False, rest=())
    return True


def ask_no_line(s: SessionState) -> None:
    """Take the question about a line away; nothing is revealed."""
    s.close_all()
    s.asking = None


def _has_more_lines(s: SessionState) -> bool:
    """Whether a note on the step shown has a line that is not revealed yet."""
    seen = not s.inspection.place and not s.position.elements
    return seen and s.view.lines_left > 0


def announce_next(s: SessionState) -> bool:
    """Ask for a number of the next step, if this is one to be asked for."""
    if (due := _due(s)) is None:
        return False
    position, again, own = due
    if (first := _first(s, position, own)) is None:
        return False
    s.position = position
    asked, rest = first
    _open(s, asked, again, rest)
    return True


def _first(
    s: SessionState, position: Position, own: tuple[Question, ...]
) -> tuple[AskedQuestion, tuple[Question, ...]] | None:
    """The first question there that can be asked, and those of its author that follow."""
    for k in range(max(1, len(own))):
        asked = _question(s, position, own[k:])
        if _is_computed(s, asked.place):
            return asked, own[k + 1 :]
    return None


def _is_computed(s: SessionState, place: Place) -> bool:
    """Whether a number can be asked for: none that an edit sets behind its update."""
    return s.provenance.step_of(place) is not None


def make_ready(s: SessionState) -> None:
    """Make the question about the next step before it is asked for: that takes a while."""
    if not (s.asking and s.asking.is_open) and (due := _due(s)):
        position, _, own = due
        _question(s, position, own)


def _due(s: SessionState) -> tuple[Position, bool, tuple[Question, ...]] | None:
    """Where the next step is asked for, whether again, and what its author asks; None: it is not
    to be asked for."""
    ahead = s.timeline.forward(s.position)
    if rests(s) or s.position.elements or ahead == s.position:
        return None
    before = replace(ahead, steps=ahead.steps - 1)
    step = s.timeline.program.steps[before.steps]
    own = s.timeline.experiment.questions_at(before.iteration, step.symbol)
    own = tuple(question for question in own if question.form != LINE_FORM)
    if s.levels and not own and step.symbol in s.timeline.program.gradients:
        return None  # a line of its derivation is asked for
    again = s.score is not None and s.score.is_due(step.family)
    if not own and s.mode == LESSON and not again:
        return None
    return before, again, own


def _question(s: SessionState, position: Position, own: tuple[Question, ...]) -> AskedQuestion:
    """What its author asks first of the next step there, or what the program does."""
    form, column = {"type": "number", "vote": "vote"}.get(s.mode), s.view.column
    question = own[0] if own else None
    key = s.timeline, position, form, s.decimals, column, question
    if s.made_ready is None or s.made_ready[0] != key:
        asked = lazy.questions.ask(s.timeline, position, form, s.write, column, question)
        s.made_ready = key, asked
    return s.made_ready[1]


def _open(s: SessionState, asked: AskedQuestion, again: bool, rest: tuple[Question, ...]) -> None:
    compares = lazy.answers.earlier(_explained(s, asked)) is not None
    s.asked_since, s.unsent = monotonic(), ""
    s.score = (s.score or lazy.questions.Score()).opening(asked)
    opened = Asking(asked, s.score.number(asked), again, rest, compares)
    s.go(s.position, _exactly(s, opened))
    # In a lesson a teacher's remote, and the other keys, stay what they are until enter.
    if s.mode == "type" and asked.form in ("number", "formula"):
        open_field(s)


def ask_for(s: SessionState, cell: Cell) -> bool:
    """Ask for another number of the same step; whether that is what was meant."""
    asking = s.asking
    if asking is None or not asking.is_open or cell.symbol != asking.cell.symbol:
        return False
    if not _is_computed(s, replace(asking.asked.place, cell=cell)):
        return False
    if asking.asked.worded:
        return False
    asking = asking.whole or asking
    if cell != asking.cell:
        form = "number" if asking.asked.form == "number" else "vote"
        asked = lazy.questions.ask(s.timeline, s.position, form, s.write, cell=cell)
        _open(s, asked, asking.again, asking.rest)
    return True


def _end(
    s: SessionState, outcome: QuestionOutcome | None, typed: str = "", unrecorded: str = ""
) -> None:
    """The question is over: the step is done, and stays explained at the cell asked for.

    `unrecorded` is why its last answer is not in the teacher's record, if it is not.
    """
    asking = s.asking
    assert asking is not None
    if outcome is not None:
        score = s.score or lazy.questions.Score()
        s.score = score.after(asking.asked, outcome, asking.misses, asking.helped)
    if outcome is not lazy.questions.QuestionOutcome.MISSED:
        unrecorded = _record(s, asking, typed, outcome)
    over = outcome or lazy.questions.QuestionOutcome.SEEN
    s.over = asking = replace(asking, outcome=over, typed=typed or asking.typed)
    if asking.asked.line and s.blackboard is not None:
        s.close_all()
        s.asking, s.blackboard = None, s.blackboard.revealed(1)
        sign = "✓ Correct" if outcome is lazy.questions.QuestionOutcome.RIGHT else "◆ The line"
        s.say(f"{sign}: {asking.asked.answer or s.blackboard.lines[-1].rule}. {unrecorded}".strip())
        return
    more = _first(s, s.position, asking.rest) if asking.rest else None
    if more:  # of the same step, before that shows
        _open(s, more[0], asking.again, more[1])
        sign = "✓" if outcome is lazy.questions.QuestionOutcome.RIGHT else "◆"
        right = _right(s, asking.asked)
        told = right if asking.asked.worded else f"{text(asking.cell)} = {right}."
        s.say(f"{sign} {asking.asked.answer or told} {unrecorded}".strip())
        return
    closing = unrecorded, scored(s, ahead=True) if _is_last(s, asking) else ""
    s.go(s.timeline.forward(s.position), replace(asking, closing=" ".join(filter(None, closing))))


def _is_last(s: SessionState, asking: Asking) -> bool:
    """Whether the lesson has no further question."""
    own, index = s.timeline.experiment.questions, s.timeline.program.index
    last = max(((q.iteration or 1, index(q.step)) for q in own), default=None)
    asked = asking.asked
    return asked.own and (asked.place.iteration, index(asked.step.symbol)) == last


def scored(s: SessionState, ahead: bool = False) -> str:
    """The score; and what lesson comes next, if `ahead`."""
    after = lessons.after(s.timeline.experiment.name) if ahead else None
    next_one = f"Next lesson: {after} ({s.named('open')} opens it)." if after else ""
    return " ".join(filter(None, (s.score.sentence() if s.score else "", next_one)))


# Answers


def none_open(s: SessionState) -> CannotError:
    """That there is nothing to answer, and why."""
    turns_on = f": {s.named('ask')} turns questions on" if s.mode == OFF else " at this step"
    return CannotError(f"No question is open{turns_on}.")


def _answered_in_words(s: SessionState) -> CannotError:
    """That a talk has no field and no choices."""
    return CannotError(f"{IN_WORDS}: {s.named('next')} shows it.")


def choose(s: SessionState, digit: str) -> None:
    """A vote; where an answer is typed, the first of its characters."""
    asking, digit = s.asking, DIGITS.get(digit, digit)
    if asking is None or not asking.is_open:
        raise none_open(s)
    if asking.asked.form in ("number", "formula"):
        open_field(s, Line.of(digit))
        return
    if not asking.choices:
        raise _answered_in_words(s)
    if not digit.isdecimal() or not 1 <= int(digit[:9]) <= len(asking.choices):
        raise CannotError(f"The choices are 1 to {len(asking.choices)}.")
    at = int(digit) - 1
    choice = asking.choices[at]
    if choice.right:
        s.asking = replace(asking, judged=None, typed=choice.written)  # a miss before is over
        _right_answer(s, s.asking, choice.written)
    else:
        _wrong(s, asking, choice.written, _why_wrong(s, asking, choice), at)


def open_field(s: SessionState, line: Line | None = None) -> None:
    """Open the line that an answer is typed into, with what was typed into it before."""
    asking = s.asking
    assert asking is not None
    if asking.asked.worded:
        raise CannotError(f"The choices are 1 to {len(asking.choices)}.")
    if asking.asked.form == "talk":
        raise _answered_in_words(s)
    s.asking = replace(asking, typing=True)
    s.open(
        Prompt(
            "answer",
            *_field(asking),
            answer,
            line or Line.of(s.unsent),
            changed=_hint_typed,
            left=_field_left,
            keys=_field_keys,
        )
    )


def _field(asking: Asking) -> tuple[str, str]:
    """What stands before the field, and how to answer."""
    if asking.asked.part is not None:
        return f"{text(asking.asked.part)} =", PART
    whole = asking.asked.form == "formula"
    return f"{asking.cell.symbol if whole else text(asking.cell)} =", FORMULA if whole else FIELD


def _field_left(s: SessionState, typed: str) -> None:
    s.unsent = typed
    if s.asking is not None:
        s.asking = replace(s.asking, typing=False)


def _hint_typed(s: SessionState) -> None:
    """? in an empty field asks for a hint, where every other sign is part of an answer."""
    prompt = s.prompt
    if prompt is not None and prompt.line.text == "?":
        s.put(replace(prompt, line=Line()))
        hint(s, "")


def _field_keys(s: SessionState, key: str) -> bool:
    """While the field is empty, arrows stand for bigger and smaller, and space shows the answer,
    as a remote's PgDn does always."""
    prompt = s.prompt
    assert prompt is not None
    if key == "pagedown" or (key == "space" and not prompt.line.text):
        next_step(s, "")
    elif key == "pageup":
        travel.back(s, "")
    elif key == "escape" and s.asking is not None and s.asking.whole is not None:
        s.close_all()
        ask_no_more(s)
    elif key in ARROWS and not prompt.line.text:
        s.put(replace(prompt, line=Line.of(ARROWS[key])))
    else:
        return False
    return True


def answer(s: SessionState, typed: str) -> None:
    """Judge what was typed as an answer to the question that is open."""
    asking, typed = s.asking, typed.strip()
    if asking is None or not asking.is_open or not typed:
        return
    judged, right = _judged(s, asking.asked, typed), lazy.answers.AnswerVerdict.RIGHT
    if asking.whole is not None and judged.verdict is not right:
        of_all = _judged(s, asking.whole.asked, typed)
        if of_all.verdict is right:  # the number itself is an answer, too
            asking, judged = asking.whole, of_all
    if judged.verdict is right:
        s.asking = replace(asking, judged=judged, typed=typed)
        _right_answer(s, s.asking, typed, judged)
    elif judged.verdict is lazy.answers.AnswerVerdict.WRONG:
        _wrong(s, asking, typed, judged)
    else:
        _record(s, asking, typed, judged)
        s.asking = asking.told(typed, judged)


def is_numeric(typed: str) -> bool:
    """Whether what was typed can be an answer: a sign, or bigger and smaller in words."""
    return typed.lower() in (*lazy.answers.SIGNS, *lazy.answers.TRENDS)


def _wrong(
    s: SessionState,
    asking: Asking,
    typed: str,
    judged: JudgedAnswer,
    at: int | None = None,
) -> None:
    """A miss: it is told where to look, what is wrong, then the step; or asked for in parts."""
    unrecorded = _record(s, asking, typed, judged)
    s.asking = asking = asking.missed(typed, judged, at)
    if not asking.is_over:
        if judged.leads and not asking.parts:
            found, seed = _explained(s, asking.asked), s.timeline.experiment.initial.seed
            parts = lazy.parts.ask_parts(asking.asked, found, seed)
            s.asking = _exactly(s, asking.led(parts))
        _empty_field(s)
    elif asking.whole is None:
        _end(s, lazy.questions.QuestionOutcome.MISSED, unrecorded=unrecorded)
    else:
        _after_part(s, asking, f"{_shown(s, asking.asked)}.")


def _right_answer(
    s: SessionState, asking: Asking, typed: str, judged: JudgedAnswer | None = None
) -> None:
    """A correct answer: the question is over, or the next part is asked for."""
    if asking.whole is None:
        _end(s, lazy.questions.QuestionOutcome.RIGHT, typed)
        return
    _record(s, asking, typed, judged or lazy.questions.QuestionOutcome.RIGHT)
    _after_part(s, asking, f"{typed} is correct.", right=True)


def _after_part(s: SessionState, asking: Asking, said: str, right: bool = False) -> None:
    """The next part, or the whole number, with what is said of the part before."""
    verdict = lazy.answers.AnswerVerdict.RIGHT if right else lazy.answers.AnswerVerdict.COARSE
    s.asking = _exactly(s, asking.after_part(lazy.answers.JudgedAnswer(verdict, said)))
    _empty_field(s)


def _shown(s: SessionState, asked: AskedQuestion) -> str:
    """A part with its figures and its value."""
    assert asked.part is not None
    said = text(asked.part) if isinstance(asked.part, Cell) else asked.hint
    return f"{said} = {_right(s, asked)}"


def _exactly(s: SessionState, asking: Asking) -> Asking:
    """The question, with how exact its number must be."""
    asked = asking.asked
    if asked.form != "number" or asked.line:
        return replace(asking, exact="")
    exact = lazy.answers.asks_for(_explained(s, asked), s.decimals, (_on_the_boards(s),))
    return replace(asking, exact=exact)


def _empty_field(s: SessionState) -> None:
    """The field, where it is open, for the next answer."""
    if not isinstance(s.top, Prompt) or s.asking is None:
        return
    if s.asking.whole is not None and s.asking.choices:  # it is voted for
        s.close()
        s.unsent = ""
    else:
        asks, said = _field(s.asking)
        s.put(replace(s.top, asks=asks, said=said, line=Line()))


def hint(s: SessionState, rest: str) -> None:
    """A hint; where there are no more, or nothing is asked, that is said."""
    asking = s.asking
    if asking is None or not asking.is_open:
        raise none_open(s)
    if not asking.has_hints:
        raise CannotError(f"There is no other hint: {s.named('next')} shows the answer.")
    s.asking = replace(asking, hints=asking.hints + 1)


def has_hints(s: SessionState) -> bool:
    """Whether a question is open that has hints left."""
    return s.asking is not None and s.asking.is_open and s.asking.has_hints


def _explained(s: SessionState, asked: AskedQuestion) -> Explanation:
    return lazy.explanation.Explanation(s.provenance, asked.place, s.write, part=asked.part)


def _judged(s: SessionState, asked: AskedQuestion, typed: str) -> JudgedAnswer:
    iteration = s.timeline.iteration(s.position.iteration)
    if asked.line and s.blackboard is not None:
        above = s.blackboard.lines[-1].expression
        return lazy.line_questions.judge_line(s.timeline.experiment, asked, above, typed, iteration)
    if asked.form == "formula":
        return lazy.answers.judge_formula(
            s.timeline.experiment, asked.cell.symbol, typed, iteration
        )
    found = _explained(s, asked)
    slopes = found.step.phase == "backward" and not asked.own and asked.part is None
    boards = (_on_the_boards(s),)
    earlier = lazy.answers.earlier(found) if asked.part is None else None
    return lazy.answers.judge(typed, found, s.decimals, earlier, boards, sign_will_do=slopes)


def _on_the_boards(s: SessionState) -> Callable[[Cell, float], str]:
    """How the boards show a number; small gradients have a common power taken out."""
    view = s.view
    return lambda cell, value: s.sight.written(view, cell, value)


def _why_wrong(s: SessionState, asking: Asking, choice: Choice) -> JudgedAnswer:
    found = _explained(s, asking.asked)
    return lazy.answers.wrong_choice(asking.asked, choice, found)


def _right(s: SessionState, asked: AskedQuestion) -> str:
    """What is correct: the author's choice in words, or the number."""
    if asked.worded and asked.correct is not None:
        return asked.correct.written
    return s.write(_explained(s, asked).recorded)


def _record(
    s: SessionState,
    asking: Asking,
    typed: str,
    became: JudgedAnswer | QuestionOutcome | None,
) -> str:
    """A line in the teacher's record, where one is kept. Returns why it is not there, if so."""
    if s.record is None:
        return ""
    lesson, seconds = s.timeline.experiment.name, monotonic() - s.asked_since
    right, attempt = _right(s, asking.asked), asking.misses + 1
    try:
        s.record.write(lesson, asking.asked, attempt, typed, became, right, seconds, asking.helped)
    except OSError as error:
        s.record = None
        s.say(f"The record ends here: {error.strerror}.")
        return s.message
    return ""
