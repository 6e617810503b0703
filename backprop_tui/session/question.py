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
        return self.misses >= lazy.questions.MISSES

    @property
    def cell(self) -> Cell:
        return self.asked.cell

    @property
    def look(self) -> tuple[Cell, ...]:
        """The cells where to look again."""
        return self.judged.look if self.judged else ()

    @property
    def attempt(self) -> str:
        """`question 3, second try`."""
        if not self.is_open or self.asked.form == "talk":
            return f"question {self.number}"
        again = ", asked again" if self.again and not self.misses else ""
        return f"question {self.number}{again or f', {TRIES[min(self.misses, 2)]} try'}"

    def missed(
        self, typed: str, judged: lazy.answers.JudgedAnswer, choice: int | None = None
    ) -> Asking:
        """A wrong answer: from the second on it comes with a hint."""
        struck = self.struck if choice is None else self.struck | {choice}
        misses = self.misses + 1
        hints = max(self.hints, 1) if misses >= 2 else self.hints
        return replace(self, misses=misses, judged=judged, typed=typed, struck=struck, hints=hints)

    def told(self, typed: str, judged: lazy.answers.JudgedAnswer) -> Asking:
        """An answer that is neither right nor wrong."""
        return replace(self, judged=judged, typed=typed)

    def hinted(self) -> Asking:
        return replace(self, hints=min(self.hints + 1, HINTS))

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.asked.choices
