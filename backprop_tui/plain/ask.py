"""Asking before it shows, in words: the question, the answers, hints, and how it ended.

Which number is asked for and what is right is the engine's; what the screen does with keys is done
here with lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from backprop_tui import lessons
from backprop_tui.explain.explanation import Explanation
from backprop_tui.learn.judging import (
    SIGNS,
    TRENDS,
    Judged,
    Verdict,
    earlier,
    formula,
    judge,
    unit_of,
    wrong,
)
from backprop_tui.learn.questions import Asked, Choice, ask, kind
from backprop_tui.learn.score import Outcome, Score
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.words import figure_in_words
from backprop_tui.maths.writing import text
from backprop_tui.messages import nearest, printable, short
from backprop_tui.model.experiment import Question
from backprop_tui.plain.looking import CELL, Looking
from backprop_tui.plain.run import CannotError, advised
from backprop_tui.plain.telling import formulas
from backprop_tui.plain.travel import Travel
from backprop_tui.session.question import HINTS, LESSON, MODES, OFF, Asking

if TYPE_CHECKING:
    from backprop_tui.exports.record import Record

EVERY = "ask vote or ask type asks before each step."
NOTHING = {
    OFF: f"Nothing is asked just now: {EVERY}",
    LESSON: f"Nothing is asked just now: the lesson asks before some steps, {EVERY}",
}
NOT_YET = "Nothing is asked yet: next asks about the next step."
HOW = {
    "vote": "Type 1 to {}, the number of a choice; hint gives a hint, next shows it.",
    "number": "Answer with a number, or at least its sign: plus or minus; hint gives a hint, next "
    "shows it.",
    "formula": "Answer with the formula of the whole step; hint gives a hint, next shows it.",
}
COMPARE = "Or type up or down: will it be bigger or smaller than it was before?"
SAY_IT = "Say it to yourself or to your neighbour; next shows it."
ANSWER = re.compile(r"[+−-]?[\d.,]+")
NUMERIC, TYPED = ("vote", "number"), ("number", "formula")
FORMS = {"type": "number", "vote": "vote"}


class Ask(Travel, Looking):
    """The commands that ask and answer."""

    score = Score()
    record: Record | None = None
    """Where the answers are kept for a teacher."""
    _since = 0.0

    # Announce and reveal

    def do_ask(self, rest: str) -> None:
        modes = [m for m in MODES if m != LESSON or self.timeline.experiment.questions]
        wanted = self._wanted(rest.lower(), modes)
        opened = self.asking is not None and self.asking.is_open
        self.mode, self.asking = wanted, None
        self.say(" ".join((MODES[wanted], self.scored() if wanted == OFF else "")).strip())
        if opened and wanted != OFF:
            self._announce_next()
        elif wanted not in NOTHING:
            self.say("next asks about the next step.")

    def _wanted(self, typed: str, modes: list[str]) -> str:
        """The mode that a word means, also by its beginning or one like it: typed is type; without
        a word the mode after this one."""
        if not typed:
            return modes[(modes.index(self.mode) + 1) % len(modes) if self.mode in modes else 0]
        begun = [m for m in modes if typed.startswith(m) or m.startswith(typed)]
        if len(begun) == 1:
            return begun[0]
        meant = nearest(typed, modes)
        or_so = f"did you mean ask {meant}? " if meant else ""
        raise CannotError(
            f"There is no ask {printable(short(typed))}: {or_so}It asks by {', '.join(modes)}."
        )

    def do_next(self, rest: str) -> None:
        if self.asking and self.asking.is_open:
            seen = Outcome.MISSED if self.asking.misses else Outcome.SEEN
            self._end(None if self.asking.asked.form == "talk" else seen)
        elif not self._announce_next():
            super().do_next(rest)

    def _announce_next(self) -> bool:
        """Ask for a number of the next step, if this is one to be asked for."""
        ahead = self.timeline.forward(self.position)
        if self.mode == OFF or self.position.elements or ahead == self.position:
            return False
        before = replace(ahead, steps=ahead.steps - 1)
        step = self.timeline.program.steps[before.steps]
        own = self.timeline.experiment.questions_at(before.iteration, step.symbol)
        again = self.score.is_due(kind(step))
        if not own and self.mode == LESSON and not again:
            return False
        self.move(before)
        self._announce(again, own)
        return True

    def _announce(self, again: bool, own: tuple[Question, ...]) -> None:
        """Ask what its author asks first, or what the program does; the others are asked behind."""
        question, column = own[0] if own else None, self.view.column
        form = FORMS.get(self.mode)
        asked = ask(self.timeline, self.position, form, self.write, column, question)
        self._open(asked, again, own[1:])

    def _open(self, asked: Asked, again: bool, rest: tuple[Question, ...]) -> None:
        compares = earlier(self._explained(asked)) is not None
        self.asking = Asking(asked, self.score.number(asked), again, rest, compares)
        self._since = monotonic()
        self.say(*self.question(self.asking))

    def _ask_for(self, asking: Asking, cell: Cell) -> None:
        """Ask for another number of the same step."""
        if cell.symbol != asking.cell.symbol:
            own = f"it asks for a number of {asking.cell.symbol}"
            raise CannotError(f"{text(cell)} is not asked for: {own}. {how(asking.asked)}")
        form = "number" if asking.asked.form == "number" else "vote"
        asked = ask(self.timeline, self.position, form, self.write, cell=cell)
        self._open(asked, asking.again, asking.rest)

    def do_again(self, rest: str) -> None:
        if self.asking and self.asking.is_open:
            self.say(*self.question(self.asking))
        else:
            super().do_again(rest)

    def question(self, asking: Asking) -> Iterator[str]:
        """What is asked, the choices, and how it is answered."""
        asked = asking.asked
        yield f"{asking.attempt.capitalize()}, before step {self.position.steps + 1}."
        yield asked.text
        what = f"What is {self._name(asked)}?"
        if asked.form in NUMERIC and what not in asked.text:
            yield what
        for k, choice in enumerate(asking.choices, 1):
            struck = ", which was wrong" if k - 1 in asking.struck else ""
            yield f"{k}: {figure_in_words(choice.written)}{struck}."
        yield how(asked)
        if asked.form == "number" and asking.compares:
            yield COMPARE

    def _name(self, asked: Asked) -> str:
        """The number that is asked for: its cell, or the matrix that it is all of."""
        single = self.view.state.shapes[asked.cell.symbol] == (1, 1)
        return asked.cell.symbol if single else text(asked.cell)

    def _end(self, outcome: Outcome | None, typed: str = "") -> None:
        """The question is over: how it ended, and the step."""
        asking = self.asking
        assert asking is not None
        if outcome is not None:
            self.score = self.score.after(asking.asked, outcome, asking.misses)
        if outcome is not Outcome.MISSED:
            self._record(asking, typed, outcome)
        self.say(*self._ending(asking, outcome, typed))
        if asking.rest:  # before the step shows
            self._announce(asking.again, asking.rest)
            return
        self.move(self.timeline.forward(self.position))
        self.asking = replace(asking, outcome=outcome or Outcome.SEEN)
        self.describe()
        if self._is_last(asking):
            self.say(self.scored())

    def _ending(self, asking: Asking, outcome: Outcome | None, typed: str) -> Iterator[str]:
        if outcome is Outcome.RIGHT:
            tries = "at the first try" if not asking.misses else f"at try {asking.misses + 1}"
            yield f"{typed} is right, {tries}."
            if asking.judged and asking.judged.said:
                yield asking.judged.said
        elif outcome is Outcome.MISSED and asking.judged:
            yield f"Wrong. {asking.judged.said}"
        right = self.write(self.provenance.number(asking.asked.place))
        if asking.asked.form in NUMERIC:
            yield f"{self._name(asking.asked)} is {figure_in_words(right)}."
        for k, choice in enumerate(asking.choices, 1):
            yield f"{k}: {figure_in_words(choice.written)}, {choice.label or 'right'}."
        if asking.asked.answer:
            yield asking.asked.answer

    def _is_last(self, asking: Asking) -> bool:
        """Whether the lesson has no further question."""
        own, index = self.timeline.experiment.questions, self.timeline.program.index
        last = max(((q.iteration or 1, index(q.step)) for q in own), default=None)
        asked = asking.asked
        return asked.own and (asked.place.iteration, index(asked.step.symbol)) == last

    def scored(self) -> str:
        """The score, and what comes next."""
        after = lessons.after(self.timeline.experiment.name)
        ahead = f"Next lesson: open {after}." if after else ""
        return " ".join(filter(None, (self.score.sentence(), ahead)))

    # Answers

    def answer(self, typed: str) -> bool:
        """Take a line as an answer; whether it is one."""
        asking = self.asking
        numeric = ANSWER.fullmatch(typed) or typed.lower() in (*SIGNS, *TRENDS)
        if asking is None or not asking.is_open:
            if numeric:
                raise CannotError(NOTHING.get(self.mode, NOT_YET))
            return False
        if (cell := self._named(asking, typed)) is not None:
            self._ask_for(asking, cell)
        elif asking.choices and typed.isdecimal():
            self._vote(asking, typed)
        elif asking.asked.form in TYPED:
            self._judge(asking, typed)
        elif numeric:
            what = "is a vote" if asking.choices else "asks for no number"
            raise CannotError(f"It {what}. {how(asking.asked)}")
        else:
            return False
        return True

    def _named(self, asking: Asking, typed: str) -> Cell | None:
        """The cell that was typed, where a number is asked for and not a formula."""
        found = CELL.fullmatch(typed) if asking.asked.form in NUMERIC else None
        known = {symbol.lower() for symbol in self.view.state.shapes}
        symbol = "".join(found["symbol"].split()).lower() if found else ""
        return self.cell(typed) if symbol in known else None

    def _vote(self, asking: Asking, digits: str) -> None:
        at = int(digits[:9]) - 1
        if not 0 <= at < len(asking.choices):
            raise CannotError(f"The choices are 1 to {len(asking.choices)}.")
        choice = asking.choices[at]
        if choice.right:
            self.asking = replace(asking, judged=None)  # the miss before is over
            self._end(Outcome.RIGHT, choice.written)
        else:
            self._wrong(asking, choice.written, self._why_wrong(choice), at)

    def _judge(self, asking: Asking, typed: str) -> None:
        judged = self._judged(asking.asked, typed)
        if judged.verdict is Verdict.RIGHT:
            self.asking = replace(asking, judged=judged)
            self._end(Outcome.RIGHT, typed)
        elif judged.verdict is Verdict.WRONG:
            self._wrong(asking, typed, judged)
        else:
            self._record(asking, typed, judged)
            self.asking = asking.told(typed, judged)
            unread = judged.verdict is Verdict.UNREADABLE
            self.say(advised(judged.said, how(asking.asked)) if unread else judged.said)

    def _judged(self, asked: Asked, typed: str) -> Judged:
        if asked.form == "formula":
            iteration = self.timeline.iteration(self.position.iteration)
            return formula(self.timeline.experiment, asked.cell.symbol, typed, iteration)
        found = self._explained(asked)
        slopes = found.step.phase == "backward" and not asked.own
        return judge(typed, found, self.decimals, earlier(found), sign_will_do=slopes)

    def _wrong(self, asking: Asking, typed: str, judged: Judged, at: int | None = None) -> None:
        """A miss: which idea it comes from; behind the third one the step is shown."""
        self._record(asking, typed, judged)
        missed = self.asking = asking.missed(typed, judged, at)
        if missed.is_over:
            self._end(Outcome.MISSED)
            return
        self.say(f"Wrong. {judged.said}")
        if where := ", ".join(dict.fromkeys(map(text, judged.look[:4]))):
            self.say(f"Look at {where}.")
        if missed.hints > asking.hints:
            self._tell_hint(missed)

    def do_hint(self, rest: str) -> None:
        asking = self.asking
        if asking is None or not asking.is_open:
            raise CannotError(NOTHING.get(self.mode, NOT_YET))
        self.asking = asking.hinted()
        self._tell_hint(self.asking)

    @property
    def has_hints(self) -> bool:
        return self.asking is not None and self.asking.is_open and self.asking.hints < HINTS

    def _tell_hint(self, asking: Asking) -> None:
        found = self._explained(asking.asked)
        if asking.asked.form == "formula":
            from backprop_tui.learn.formulas import (
                hint_of,  # whose probes only formulas need
            )

            self.say(hint_of(found.step, found.shapes))
            if asking.hints < HINTS:
                return
        self.tell_all(formulas(found.step, self.spelling, "Hint"))
        if asking.hints > 1 and asking.asked.form in NUMERIC:
            self.say(f"{found.cell} = {found.with_figures()}.")

    def _explained(self, asked: Asked) -> Explanation:
        return Explanation(self.provenance, asked.place, self.write)

    def _why_wrong(self, choice: Choice) -> Judged:
        assert self.asking is not None
        unit = unit_of(choice.written, self.decimals)
        found = self._explained(self.asking.asked)
        return wrong(choice.number, choice.written, found, unit)

    def _record(self, asking: Asking, typed: str, became: Judged | Outcome | None) -> None:
        if self.record is None:
            return
        lesson, seconds = self.timeline.experiment.name, monotonic() - self._since
        right, attempt = self.write(self.provenance.number(asking.asked.place)), asking.misses + 1
        try:
            self.record.write(lesson, asking.asked, attempt, typed, became, right, seconds)
        except OSError as error:
            self.record = None
            self.say(f"The record ends here: {error.strerror}.")


def how(asked: Asked) -> str:
    """How a question is answered."""
    return HOW.get(asked.form, SAY_IT).format(len(asked.choices))
