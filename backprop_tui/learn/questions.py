"""Questions: which number of the next step is asked for, what may be chosen, and the score so far.

The numbers to choose from are the right one and those that mistakes give; the cell is the one where
most of them differ. `answers` judges what is answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product
from math import isfinite, nan

from backprop_tui.explain.explanation import Explanation, Number, formula, read_figure
from backprop_tui.explain.provenance import Place, Provenance
from backprop_tui.learn.by_hand import unit_of
from backprop_tui.learn.diagnosis import WrongNumber, wrong_numbers
from backprop_tui.learn.mistakes import ONE_PATH
from backprop_tui.learn.votes import Choice, chance, number_vote
from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.shapes import Shape
from backprop_tui.maths.writing import text
from backprop_tui.model.architecture import Step
from backprop_tui.model.layers import LOSS, OBJECTIVE
from backprop_tui.model.notes import MOST_CHOICES, Question
from backprop_tui.model.program import Program
from backprop_tui.run.iterations import Iteration
from backprop_tui.run.timeline import Position, Timeline

VANISHES = 1e-12
"""A number this small beside the right one is what rounding leaves of 0."""
LOOKED_AT = 3
"""Of so many rows and columns of a matrix one cell is asked for."""

MISSES, PART_MISSES = 3, 2
"""Wrong answers after which the right one is shown: of a question, of a part of a number."""

ASKS = {
    "affine": "What is the sum of the weighted inputs and the bias?",
    "affine without bias": "What is the sum of the weighted inputs?",
    "value": "What is {cell}? ({formula})",
    "activation": "What does the activation give for {affine}?",
    LOSS: "How large is the loss of this prediction?",
    OBJECTIVE: "What is {losses}?",
    "own objective": "What is {symbol}? ({formula})",
    "penalty": "What is {losses}, plus the L2 penalty?",
    "gradient": "How fast does {loss} change with {value}? (∂{loss}/∂{value})",
    "parameter": "What is the new value of {cell}?",
    "mean": "What is the new value of {cell}?",
}
"""What is asked where the experiment has no question of its own, by what the step computes."""
NEXT = "What is the next number? Say it before you see it."
"""What is asked where no mistake changes the number, so that there is nothing to choose."""


@dataclass(frozen=True)
class AskedQuestion:
    """A question about one number of a step that is still to come."""

    place: Place
    step: Step
    form: str
    """vote, number, formula, or talk: to be said before it shows."""
    text: str
    choices: tuple[Choice, ...] = ()
    answer: str | None = None
    """What is said once it is answered; only a question of the experiment has one."""
    own: bool = False
    """Whether it is a question of the experiment."""
    worded: bool = False
    """Whether its choices are words, so that no number is asked for."""
    line: int = 0
    """The line of the step's derivation that is asked for, from 1; 0: the step itself."""
    hint: str = ""
    """What a hint says; without one it tells of the step's formula."""
    part: Expr | None = None
    """The part of the number that is asked for, over cells; None: the number itself."""

    @property
    def cell(self) -> Cell:
        return self.place.cell

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from other questions: whichever cell of the step is asked for."""
        own = self.text if self.own else ""
        return self.place.iteration, self.step.symbol, self.line, own

    @property
    def correct(self) -> Choice | None:
        """The correct choice; None where there are none to choose from."""
        return next((choice for choice in self.choices if choice.right), None)


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

    `question` is one of the experiment, with a form of its own; but whether a number is voted for
    or typed is decided by `form`, unless it is None. The cell is `cell`, or that of the question,
    or the one that its text names, or the best one of `example` (from 0). A vote with
    one choice becomes a talk.
    """
    state = timeline.state(position)
    step, iteration = state.next_step, state.iteration
    assert step is not None
    program, own = timeline.program, None
    worded: tuple[Choice, ...] = ()
    if question is not None:
        worded = _worded(question)
        numeric = question.form in ("vote", "number") and not worded
        form = form if numeric and form else question.form
        own = cell_of(question, state.shapes[step.symbol])
    form = form or "vote"
    cell = cell or own or best_cell(program, iteration, step, write, example)
    choices: tuple[Choice, ...] = worded
    place, provenance = Place(iteration.number, cell), Provenance(timeline)
    if form == "vote" and not worded and provenance.step_of(place):
        by_hand = Explanation(provenance, place, write).by_hand()
        choices = choices_at(
            program, iteration, cell, write, by_hand, timeline.experiment.initial.seed
        )
        form = form if len(choices) > 1 else "talk"
    said = question.text if question else NEXT if form == "talk" else asks(program, step, cell)
    answer = question.answer if question else None
    return AskedQuestion(
        place, step, form, said, choices, answer, question is not None, bool(worded)
    )


def cell_of(question: Question, shape: Shape) -> Cell | None:
    """The cell that a question of the experiment asks for: its own, or the only one that its text
    names of a step of that shape; None where the best one is asked for."""
    rows, columns = shape
    named = [(i, j) for i, j in question.named_cells if 1 <= i <= rows and 1 <= j <= columns]
    place = question.cell or (named[0] if len(named) == 1 else None)
    return place and Cell(question.step, *place)


def _worded(question: Question) -> tuple[Choice, ...]:
    """The choices that its author gives a question, in their order."""
    return tuple(
        Choice(nan, choice.text, choice.why or "", right=k == question.correct)
        for k, choice in enumerate(question.choices, 1)
    )


def asks(program: Program, step: Step, cell: Cell) -> str:
    """The question about a number of that step where the experiment has none."""
    role = step.role
    key = step.symbol if role.kind == "loss" else role.kind
    if role.kind == "value":
        key = role.part or "value"
    training = program.training
    if key == "affine" and not any(program.beside(step.symbol, "bias")):
        key = "affine without bias"
    if key == OBJECTIVE and training.l2:
        key = "penalty"
    if key == OBJECTIVE and program.architecture.objective is not None:
        key = "own objective"
    affine = next(program.beside(step.symbol, "affine"), "")
    return ASKS[key].format(
        symbol=step.symbol,
        formula=formula(step),
        cell=text(cell),
        value=text(Cell(role.of or step.symbol, cell.row, cell.column)),
        affine=text(Cell(affine, cell.row, cell.column)),
        losses=f"the {training.reduction} of the losses of all examples"
        if training.batch > 1
        else "the loss",
        loss=program.measure(role.of or ""),
    )


def best_cell(
    program: Program, iteration: Iteration, step: Step, write: Number, example: int
) -> Cell:
    """The cell in which most mistakes give different numbers; none that is 0 if any is not."""
    result = iteration.results[program.index(step.symbol)]
    down, across = (range(min(n, LOOKED_AT)) for n in result.shape)
    if step.symbol in program.per_example:
        shown = min(example, result.shape[program.axis] - 1)
        entries, _ = program.architecture.place(down, across)
        down, across = program.architecture.place(entries, range(shown, shown + 1))

    worth: dict[Cell, tuple[bool, bool, int, bool]] = {}
    for i, j in product(down, across):
        cell, number = Cell(step.symbol, i + 1, j + 1), float(result[i, j])
        written = write(number)
        shows = isfinite(number) and read_figure(written) != 0
        choices = min(1 + len(list(_wrong(program, iteration, cell, write))), MOST_CHOICES)
        worth[cell] = (
            isfinite(number),
            shows,
            choices,
            len(written.strip("−0.")) > 1,  # 0.003 tells little
        )
        if worth[cell] == (True, True, MOST_CHOICES, True):  # none is better
            break
    return max(worth, key=worth.__getitem__)  # the first of the best


def choices_at(
    program: Program,
    iteration: Iteration,
    cell: Cell,
    write: Number,
    by_hand: tuple[float, ...],
    seed: int,
) -> tuple[Choice, ...]:
    """The right number and up to three wrong ones that are written differently, in places drawn by
    the seed; none where the right number is not finite.

    No wrong one is written like one of `by_hand`, which the figures shown give by rounding.
    """
    right = _number(program, iteration, cell)
    if not isfinite(right):
        return ()
    correct = Choice(right, write(right), "", right=True)
    wrong = list(_wrong(program, iteration, cell, write, by_hand))
    return number_vote(correct, wrong, chance(seed, iteration.number, text(cell), correct.written))


def _number(program: Program, iteration: Iteration, cell: Cell) -> float:
    return float(iteration.results[program.index(cell.symbol)][cell.row - 1, cell.column - 1])


def _wrong(
    program: Program,
    iteration: Iteration,
    cell: Cell,
    write: Number,
    by_hand: tuple[float, ...] = (),
) -> Iterator[Choice]:
    """The wrong numbers that look different, the likeliest first: more than one unit of the last
    digit from the right one, which rounding on the way may give."""
    right = _number(program, iteration, cell)
    if not isfinite(right):
        return
    shown = write(right)
    taken, labels = {read_figure(shown), *(read_figure(write(n)) for n in by_hand)}, set()
    # Where several paths are added up, the likeliest wrong number is that of one path alone.
    for wrong in sorted(wrong_numbers(program, iteration, cell), key=lambda w: not _one_path(w)):
        vanishes = abs(wrong.number) <= VANISHES * abs(right)
        if vanishes and abs(wrong.number) > VANISHES:
            continue  # beside a very large number nothing tells a 1 from what rounding leaves
        number = 0.0 if vanishes else wrong.number
        written = write(number)
        figure = read_figure(written)
        if figure not in taken and wrong.label not in labels and not _is_rounding(written, shown):
            taken.add(figure)
            labels.add(wrong.label)
            yield Choice(number, written, wrong.label)


def _is_rounding(written: str, shown: str) -> bool:
    """Whether two figures differ by one unit of the last digit shown, as rounding may leave it."""
    return abs(read_figure(written) - read_figure(shown)) < 1.5 * unit_of(shown, 0)


def _one_path(wrong: WrongNumber) -> bool:
    return wrong.slip is not None and wrong.slip.mistake is ONE_PATH


# The score


class QuestionOutcome(Enum):
    """How a question ended."""

    RIGHT = "right"
    MISSED = "missed"
    SEEN = "seen"


class Helped(Enum):
    """Why a correct answer counts less than a full one."""

    SIGN = "by its sign"
    DIRECTION = "by its direction"
    PARTS = "part by part"
    HINT = "with a hint"


@dataclass(frozen=True)
class Answered:
    """A question that is over, and how it ended."""

    place: Place
    text: str
    kind: str
    """The family of its step: dW for dW1."""
    outcome: QuestionOutcome
    misses: int
    helped: Helped | None = None


@dataclass(frozen=True)
class Score:
    """The questions of a run that are over, in the order in which they were asked.

    A question asked again counts as it ended first; one that was only looked at is never wrong.
    """

    answered: tuple[Answered, ...] = ()
    opened: tuple[tuple[object, ...], ...] = ()
    """What was asked so far, whether it is over or not: a question for each number."""

    def opening(self, asked: AskedQuestion) -> Score:
        """The score with that question asked, which has a number from then on."""
        known = asked.identity in self.opened
        return self if known else replace(self, opened=(*self.opened, asked.identity))

    def after(
        self,
        asked: AskedQuestion,
        outcome: QuestionOutcome,
        misses: int,
        helped: Helped | None = None,
    ) -> Score:
        """The score with that question over as well."""
        if self.has(asked):
            return self
        ended = Answered(asked.place, asked.text, asked.step.family, outcome, misses, helped)
        return replace(self, answered=(*self.answered, ended))

    def is_due(self, kind: str) -> bool:
        """Whether the last question of that kind had a wrong answer."""
        last = next((a for a in reversed(self.answered) if a.kind == kind), None)
        return last is not None and last.misses > 0

    def has(self, asked: AskedQuestion) -> bool:
        """Whether that question is over."""
        return any((a.place, a.text) == (asked.place, asked.text) for a in self.answered)

    def number(self, asked: AskedQuestion) -> int:
        """The number of a question that was asked, from 1; asked again, it keeps its own."""
        return self.opened.index(asked.identity) + 1

    @property
    def right(self) -> int:
        return len(self._right)

    @property
    def at_first(self) -> int:
        """How many were answered in full at the first try, without help."""
        return sum(not a.misses and not a.helped for a in self._right)

    @property
    def _right(self) -> tuple[Answered, ...]:
        return tuple(a for a in self.answered if a.outcome is QuestionOutcome.RIGHT)

    @property
    def missed(self) -> tuple[str, ...]:
        """The kinds of questions with a wrong answer, each once."""
        return tuple(dict.fromkeys(a.kind for a in self.answered if a.misses))

    def sentence(self) -> str:
        """7 of 9 correct, 5 at the first try without help, 1 with a hint. Look again at dA, db.

        Empty where every question was only looked at.
        """
        if all(a.outcome is QuestionOutcome.SEEN for a in self.answered):
            return ""
        seen = sum(a.outcome is QuestionOutcome.SEEN for a in self.answered)
        parts = [f"{self.right} of {len(self.answered)} correct"]
        helped = Counter(a.helped for a in self._right if a.helped)
        if self.right:
            parts.append(
                "all at the first try"
                if self.at_first == self.right
                else f"{self.at_first} at the first try{' without help' if helped else ''}"
            )
        parts += [f"{helped[how]} {how.value}" for how in Helped if helped[how]]
        if seen:
            parts.append(f"{seen} only looked at")
        missed = f" Look again at {', '.join(self.missed)}." if self.missed else ""
        return f"{', '.join(parts)}.{missed}"
