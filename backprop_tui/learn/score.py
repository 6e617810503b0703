"""The score of a learner, or of a class: what was asked, what became of it, what is due again.

An immutable record. A question that was only looked at counts as seen, never as wrong; the first
outcome of a question counts, however often it is asked again. It knows no screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from backprop_tui.explain.provenance import Place
from backprop_tui.learn.questions import Asked, kind

MISSES = 3
"""Wrong answers after which the right one is shown."""


class Outcome(Enum):
    """How a question ended."""

    RIGHT = "right"
    MISSED = "missed"
    SEEN = "seen"


@dataclass(frozen=True)
class Answered:
    """A question that is over."""

    place: Place
    text: str
    kind: str
    outcome: Outcome
    misses: int


@dataclass(frozen=True)
class Score:
    """All questions of a run so far, in the order of asking."""

    answered: tuple[Answered, ...] = ()

    def after(self, asked: Asked, outcome: Outcome, misses: int) -> Score:
        """With that question over; one that was asked before counts as it did."""
        if self._asked_before(asked) is not None:
            return self
        ended = Answered(asked.place, asked.text, kind(asked.step), outcome, misses)
        return Score((*self.answered, ended))

    def is_due(self, kind: str) -> bool:
        """Whether the last question of that kind was not answered right at once."""
        last = next((a for a in reversed(self.answered) if a.kind == kind), None)
        return last is not None and last.misses > 0

    def number(self, asked: Asked) -> int:
        """Which question it is, from 1: one that was asked before keeps its number."""
        before = self._asked_before(asked)
        return len(self.answered) + 1 if before is None else before + 1

    def _asked_before(self, asked: Asked) -> int | None:
        known = [(a.place, a.text) for a in self.answered]
        own = asked.place, asked.text
        return known.index(own) if own in known else None

    @property
    def right(self) -> int:
        return sum(a.outcome is Outcome.RIGHT for a in self.answered)

    @property
    def at_first(self) -> int:
        return sum(a.outcome is Outcome.RIGHT and not a.misses for a in self.answered)

    @property
    def missed(self) -> tuple[str, ...]:
        """The kinds of steps with a wrong answer, each once."""
        return tuple(dict.fromkeys(a.kind for a in self.answered if a.misses))

    def sentence(self) -> str:
        """`7 of 9 right, 5 at the first try, 1 only seen. Look again at dA, db.`

        Nothing where nobody answered anything: a class that votes with fingers has no score here.
        """
        if all(a.outcome is Outcome.SEEN for a in self.answered):
            return ""
        seen = sum(a.outcome is Outcome.SEEN for a in self.answered)
        parts = [f"{self.right} of {len(self.answered)} right"]
        if self.right:
            parts.append(
                "all at the first try"
                if self.at_first == self.right
                else f"{self.at_first} at the first try"
            )
        if seen:
            parts.append(f"{seen} only seen")
        missed = f" Look again at {', '.join(self.missed)}." if self.missed else ""
        return f"{', '.join(parts)}.{missed}"
