"""A question on the screen: what is asked, what was answered so far, and how it ended.

An immutable record with the few moves that answers make on it; it knows no keys and paints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backprop_tui.maths.expressions import Cell
from backprop_tui.model.notes import Question
from backprop_tui.session import lazy

if TYPE_CHECKING:
    from backprop_tui.learn.votes import Choice

OFF, LESSON, VOTE, TYPE = "off", "lesson", "vote", "type"
MODES = {
    LESSON: "It asks what the lesson asks, and again what was missed.",
    VOTE: "Questions before every step: vote.",
    TYPE: "Questions before every step: type the answer.",
    OFF: "It asks nothing.",
}
"""When it asks, and what is said of it."""
HINTS = 2
"""The formula, then the numbers."""
TRIES = ("first", "second", "third")


@dataclass(frozen=True)
class Asking:
    """The `number`th question; open until it has an outcome."""

    asked: lazy.questions.AskedQuestion
    number: int
    again: bool = False
    """Whether it is asked as its kind was missed before."""
    rest: tuple[Question, ...] = ()
    """What its author asks at the same step, behind this one."""
    compares: bool = False
    """Whether there is an earlier value, which it may be bigger or smaller than."""
    exact: str = ""
    """How exact a number must be, and with which figures to compute it."""
    misses: int = 0
    judged: lazy.answers.JudgedAnswer | None = None
    """What became of the last answer."""
    typed: str = ""
    """The last answer."""
    struck: frozenset[int] = frozenset()
    """The choices that were voted for and are wrong, from 0."""
    hints: int = 0
    typing: bool = False
    """Whether the field is open, which covers the last line of the Step panel."""
    parts: tuple[lazy.questions.AskedQuestion, ...] = ()
    """The parts that a number without a name leads into, one by one."""
    parts_over: int = 0
    whole: Asking | None = None
    """The question that this one is a part of."""
    outcome: lazy.questions.QuestionOutcome | None = None
    closing: str = ""
    """What is said at the end of a lesson: its score, and what comes next."""

    @property
    def is_open(self) -> bool:
        return self.outcome is None

    @property
    def asks_for_a_cell(self) -> bool:
        """Whether one number is to be found; a talk or choices in words may be about anything."""
        return self.is_open and not (
            self.asked.worded or (self.asked.form == "talk" and self.asked.own)
        )

    @property
    def is_over(self) -> bool:
        """Whether as many answers were wrong as are waited for."""
        most = lazy.questions.MISSES if self.whole is None else lazy.questions.PART_MISSES
        return self.misses >= most

    @property
    def cell(self) -> Cell:
        return self.asked.cell

    @property
    def look(self) -> tuple[Cell, ...]:
        """The cells where to look again; a first miss is told of matrices."""
        judged = self.judged
        return () if judged is None or (judged.idea and self.misses < 2) else judged.look

    @property
    def said(self) -> str:
        """What is said of the last answer."""
        judged = self.judged
        if judged is None or judged.verdict is not lazy.answers.AnswerVerdict.WRONG:
            return judged.said if judged else ""
        return judged.told(max(1, self.misses))

    @property
    def helped(self) -> lazy.questions.Helped | None:
        """Why a correct answer counts less than a full one; None where it does not."""
        help_ = lazy.questions.Helped
        unasked = self.asked.form == "formula" and self.misses >= 2
        alone = self.judged.alone if self.judged else ""
        if alone:
            return help_.SIGN if alone == "sign" else help_.DIRECTION
        return help_.PARTS if self.parts_over else help_.HINT if self.hints > unasked else None

    @property
    def tries(self) -> str:
        """At which try it was answered: `at the first try`, `at try 2, with a hint`."""
        tries = f"at try {self.misses + 1}" if self.misses else "at the first try"
        return f"{tries}, {self.helped.value}" if self.helped else tries

    @property
    def attempt(self) -> str:
        """`question 3, second try`."""
        if self.whole is not None:
            part, parts = self.whole.parts_over + 1, len(self.whole.parts)
            return f"question {self.number}, part {part} of {parts}"
        if not self.is_open or self.asked.form == "talk":
            return f"question {self.number}"
        again = ", asked again" if self.again and not self.misses else ""
        return f"question {self.number}{again or f', {TRIES[min(self.misses, 2)]} try'}"

    def missed(
        self, typed: str, judged: lazy.answers.JudgedAnswer, choice: int | None = None
    ) -> Asking:
        """A wrong answer: to a formula the second one comes with its parts."""
        struck = self.struck if choice is None else self.struck | {choice}
        misses = self.misses + 1
        hints = max(self.hints, 1) if misses >= 2 and self.asked.form == "formula" else self.hints
        return replace(self, misses=misses, judged=judged, typed=typed, struck=struck, hints=hints)

    def told(self, typed: str, judged: lazy.answers.JudgedAnswer) -> Asking:
        """An answer that is neither right nor wrong."""
        return replace(self, judged=judged, typed=typed)

    def led(self, parts: tuple[lazy.questions.AskedQuestion, ...]) -> Asking:
        """The question for the first of its parts, after a wrong answer."""
        return replace(self, parts=parts)._next_part(self.judged)

    def after_part(self, judged: lazy.answers.JudgedAnswer) -> Asking:
        """The question for the next part, or the whole behind the last one."""
        assert self.whole is not None
        done = replace(self.whole, parts_over=self.whole.parts_over + 1)
        if done.parts_over == len(done.parts):
            return replace(done, judged=judged, typed=self.typed, typing=self.typing)
        return done._next_part(judged, self.typing)

    def _next_part(
        self, judged: lazy.answers.JudgedAnswer | None, typing: bool | None = None
    ) -> Asking:
        part = self.parts[self.parts_over]
        typing = self.typing if typing is None else typing
        return Asking(part, self.number, self.again, judged=judged, typing=typing, whole=self)

    @property
    def left_parts(self) -> Asking:
        """The whole question again, without those of its parts that are not over."""
        assert self.whole is not None
        return replace(self.whole, parts=self.whole.parts[: self.whole.parts_over], typing=False)

    @property
    def has_hints(self) -> bool:
        """Whether there are hints left: a rule and a part have only one."""
        return self.hints < (1 if self.asked.hint else HINTS)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.asked.choices
