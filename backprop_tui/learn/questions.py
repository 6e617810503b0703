"""Questions: which number of the next step is asked for, and what a class may vote for.

The numbers to choose from are the right one and what mistakes of the catalogue give; the cell is
the one where most of them come out different. How answers are judged is `judging`'s business. It
knows no keys and no screen; how numbers are written is the reader's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import isfinite

from backprop_tui.explain.explanation import Explanation, Number
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.diagnosis import Wrong, wrong_numbers
from backprop_tui.learn.misreadings import ONE_PATH
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.experiment import Question
from backprop_tui.model.program import Program, Step
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Position, Timeline

MOST_CHOICES = 4
VANISHES = 1e-12
"""A number this small beside the right one is what rounding leaves of 0."""
LOOKED_AT = 3
"""Rows and columns of a matrix that are looked through for the cell to ask for."""

ASKS = {
    "Z": "What do its inputs, weighed and added up, come to?",
    "A": "What does the activation make of {Z}?",
    "L": "How badly does the prediction miss its target?",
    "J": "What do the losses of the examples come to, together?",
    "d": "If {value} grew a little, how would {loss} change?",
    "update": "Where does {cell} move to?",
    "mean": "What does the running mean come to now?",
}
"""What is asked where nobody wrote a question; `d` for every slope."""
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
class Asked:
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


def kind(step: Step) -> str:
    """What kind of step it is, the same in every layer: Z, A, dW, ..."""
    return re.sub(r"\d+$", "", step.symbol)


def ask(
    timeline: Timeline,
    position: Position,
    form: str | None,
    write: Number,
    example: int = 0,
    question: Question | None = None,
    cell: Cell | None = None,
) -> Asked:
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
    return Asked(place, step, form, said, choices, answer, question is not None)


def asks(program: Program, step: Step, cell: Cell) -> str:
    """The question about a number of that step where nobody wrote one."""
    letters = kind(step)
    if step.phase == "backward":
        letters = "d"
    elif step.phase == "update":
        letters = "update" if step.symbol in program.parameters else "mean"
    value = Cell(cell.symbol.removeprefix("d"), cell.row, cell.column)
    below = Cell(f"Z{step.layer}", cell.row, cell.column)
    # dA and dZ belong to each example's own L, dW and db to the mean of them all.
    loss = "L" if step.symbol in program.per_example else program.objective
    return ASKS[letters].format(cell=text(cell), value=text(value), Z=text(below), loss=loss)


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
        shows = isfinite(number) and _read(written) != 0
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
    right_too = {_read(write(number)) for number in by_hand}
    # Where several paths lead back, that they add up is the point: one alone comes first.
    for wrong in sorted(wrong_numbers(program, iteration, cell), key=lambda w: not _one_path(w)):
        number = wrong.number if abs(wrong.number) > VANISHES * abs(right) else 0.0
        written = write(number)
        new = all(_read(written) != _read(c.written) and wrong.label != c.label for c in chosen)
        if new and _read(written) not in right_too:
            chosen.append(Choice(number, written, wrong.label))
        if len(chosen) == MOST_CHOICES:
            break
    return tuple(sorted(chosen, key=lambda choice: -choice.number))


def _one_path(wrong: Wrong) -> bool:
    return wrong.slip is not None and wrong.slip.mistake is ONE_PATH


def _read(written: str) -> float:
    return float(written.replace("−", "-").replace("∞", "inf"))
