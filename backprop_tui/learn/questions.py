"""Questions: which number of the next step is asked for, what may be chosen, and the score so far.

The numbers to choose from are the right one and those that mistakes give; the cell is the one where
most of them differ. `answers` judges what is answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import isfinite

from backprop_tui.explain.explanation import Explanation, Number, read_figure
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.diagnosis import WrongNumber, wrong_numbers
from backprop_tui.learn.mistakes import ONE_PATH
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Question
from backprop_tui.model.layers import LOSS, OBJECTIVE
from backprop_tui.model.program import Program, Step
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Position, Timeline

MOST_CHOICES = 4
VANISHES = 1e-12
"""A number this small beside the right one is what rounding leaves of 0."""
LOOKED_AT = 3
"""Rows and columns of a matrix that are looked through for the cell to ask for."""

ASKS = {
    "affine": "What do its inputs, weighed and added up, come to?",
    "activation": "What does the activation make of {affine}?",
    LOSS: "How badly does the prediction miss its target?",
    OBJECTIVE: "What do the losses of the examples come to, together?",
    "gradient": "If {value} grew a little, how would {loss} change?",
    "parameter": "Where does {cell} move to?",
    "mean": "What does the running mean come to now?",
}
"""What is asked where the experiment has no question: by what the step computes."""
MISSES = 3
"""Wrong answers after which the right one is shown."""
NEXT = "What comes next? Say it before it shows."
"""What is asked where no mistake gives another number."""


@dataclass(frozen=True)
class Choice:
    """A number to vote for, as it is written; `label` is what it turns out to be."""

    number: float
    written: str
    label: str
    right: bool = False


@dataclass(frozen=True)
class AskedQuestion:
    """A question about one number of a step that is still to come."""

    place: Place
    step: Step
    form: str  # one of FORMS
    text: str
    choices: tuple[Choice, ...] = ()
    answer: str | None = None
    """What its author says once it is answered."""
    own: bool = False
    """Whether the experiment asks it, and not the program by itself."""

    @property
    def cell(self) -> Cell:
        return self.place.cell


def ask(
    timeline: Timeline,
    position: Position,
    form: str | None,
    write: Number,
    example: int = 0,
    question: Question | None = None,
    cell: Cell | None = None,
) -> AskedQuestion:
    """The question for the step that comes next at `position`; there must be one.

    `question` is the author's, who also says its form; but a number is voted for or typed as `form`
    says, unless it is None. `cell` is asked for if it is given, else the question's, else the best
    one in the column of `example` (from 0). A vote on nothing is talk.
    """
    state = timeline.state(position)
    step, iteration = state.next_step, state.iteration
    assert step is not None
    program, own = timeline.program, None
    if question is not None:
        numeric = question.form in ("vote", "number")
        form = form if numeric and form else question.form
        own = question.cell and Cell(step.symbol, *question.cell)
    form = form or "vote"
    cell = cell or own or best_cell(program, iteration, step, write, example)
    choices: tuple[Choice, ...] = ()
    if form == "vote":
        by_hand = Explanation(Provenance(timeline), Place(iteration.number, cell), write).by_hand()
        choices = choices_at(program, iteration, cell, write, by_hand)
        form = form if len(choices) > 1 else "talk"
    said = question.text if question else NEXT if form == "talk" else asks(program, step, cell)
    answer = question.answer if question else None
    place = Place(iteration.number, cell)
    return AskedQuestion(place, step, form, said, choices, answer, question is not None)


def asks(program: Program, step: Step, cell: Cell) -> str:
    """The question about a number of that step where the experiment has none."""
    role = step.role
    key = role.part if role.kind == "value" else step.symbol if role.kind == "loss" else role.kind
    affine = next(program.beside(step.symbol, "affine"), "")
    return ASKS[str(key)].format(
        cell=text(cell),
        value=text(Cell(role.of or step.symbol, cell.row, cell.column)),
        affine=text(Cell(affine, cell.row, cell.column)),
        # dA and dZ belong to each example's own L, dW and db to the mean of them all.
        loss=LOSS if step.symbol in program.per_example else program.objective,
    )


def best_cell(
    program: Program, iteration: Iteration, step: Step, write: Number, example: int
) -> Cell:
    """Where most mistakes give numbers that can be told apart; never a zero if there is another."""
    result = iteration.results[program.index(step.symbol)]
    rows, columns = result.shape
    across: Iterable[int] = range(min(columns, LOOKED_AT))
    if step.symbol in program.per_example:
        across = (min(example, columns - 1),)

    best, most = Cell(step.symbol, 1, min(across) + 1), (False, False, -1, False)
    for i, j in product(range(min(rows, LOOKED_AT)), across):
        cell, number = Cell(step.symbol, i + 1, j + 1), float(result[i, j])
        written = write(number)
        shows = isfinite(number) and read_figure(written) != 0
        choices = len(choices_at(program, iteration, cell, write))
        worth = (
            isfinite(number),
            shows,
            choices,
            len(written.strip("−0.")) > 1,  # 0.003 tells little
        )
        if worth > most:
            best, most = cell, worth
        if most == (True, True, MOST_CHOICES, True):  # none is better: no need to look further
            break
    return best  # the first of the best


def choices_at(
    program: Program,
    iteration: Iteration,
    cell: Cell,
    write: Number,
    by_hand: tuple[float, ...] = (),
) -> tuple[Choice, ...]:
    """The right number and up to three wrong ones that look different, the largest first.

    None of them is what somebody gets who reckons `by_hand` with the figures shown.
    """
    result = iteration.results[program.index(cell.symbol)]
    right = float(result[cell.row - 1, cell.column - 1])
    if not isfinite(right):
        return ()
    chosen = [Choice(right, write(right), "", right=True)]
    right_too = {read_figure(write(number)) for number in by_hand}
    # Where several paths lead back, that they add up is the point: one alone comes first.
    for wrong in sorted(wrong_numbers(program, iteration, cell), key=lambda w: not _one_path(w)):
        number = wrong.number if abs(wrong.number) > VANISHES * abs(right) else 0.0
        written = write(number)
        new = all(
            read_figure(written) != read_figure(c.written) and wrong.label != c.label
            for c in chosen
        )
        if new and read_figure(written) not in right_too:
            chosen.append(Choice(number, written, wrong.label))
        if len(chosen) == MOST_CHOICES:
            break
    return tuple(sorted(chosen, key=lambda choice: -choice.number))


def _one_path(wrong: WrongNumber) -> bool:
    return wrong.slip is not None and wrong.slip.mistake is ONE_PATH


# The score


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

    def after(self, asked: AskedQuestion, outcome: Outcome, misses: int) -> Score:
        """With that question over; one that was asked before counts as it did."""
        if self._asked_before(asked) is not None:
            return self
        ended = Answered(asked.place, asked.text, asked.step.family, outcome, misses)
        return Score((*self.answered, ended))

    def is_due(self, kind: str) -> bool:
        """Whether the last question of that kind was not answered right at once."""
        last = next((a for a in reversed(self.answered) if a.kind == kind), None)
        return last is not None and last.misses > 0

    def number(self, asked: AskedQuestion) -> int:
        """Which question it is, from 1: one that was asked before keeps its number."""
        before = self._asked_before(asked)
        return len(self.answered) + 1 if before is None else before + 1

    def _asked_before(self, asked: AskedQuestion) -> int | None:
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
