"""The score of a learner, or of a class: what was asked, what became of it, what is due again.

An immutable record. A question that was only looked at counts as seen, never as wrong; the first
outcome of a question counts, however often it is asked again. It knows no screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from backprop_tui.engine.asking import Asked, kind
from backprop_tui.engine.provenance import Place

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
    kind: str
    outcome: Outcome
    misses: int


@dataclass(frozen=True)
class Score:
    """All questions of a run so far, in the order of asking."""

    answered: tuple[Answered, ...] = ()

    def after(self, asked: Asked, outcome: Outcome, misses: int) -> Score:
        """With that question over; one that was asked before counts as it did."""
        if any(known.place == asked.place for known in self.answered):
            return self
        ended = Answered(asked.place, kind(asked.step), outcome, misses)
        return Score((*self.answered, ended))

    def is_due(self, kind: str) -> bool:
        """Whether the last question of that kind was not answered right at once."""
        last = next((a for a in reversed(self.answered) if a.kind == kind), None)
        return last is not None and last.misses > 0

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
        """`7 of 9 right, 5 at the first try, 1 only seen. Missed: dA, db.`"""
        if not self.answered:
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
        missed = f" Missed: {', '.join(self.missed)}." if self.missed else ""
        return f"{', '.join(parts)}.{missed}"
