"""Questions: which cell is asked for, what may be chosen, and the score of those answered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from backprop_tui.explain.derivation import derivation
from backprop_tui.explain.explanation import Explanation
from backprop_tui.explain.provenance import Provenance
from backprop_tui.files.experiment_file import load
from backprop_tui.learn import questions
from backprop_tui.learn.answers import wrong_choice
from backprop_tui.learn.diagnosis import wrong_numbers
from backprop_tui.learn.line_questions import ask_line
from backprop_tui.learn.parts import ask_parts, idea, put_together
from backprop_tui.learn.questions import VANISHES, AskedQuestion, Score, ask, asks, choices_at
from backprop_tui.learn.questions import QuestionOutcome as Ended
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.numbers import number
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import Question, WrittenChoice
from backprop_tui.run.timeline import Position, Timeline
from tests.formulas import program_file
from tests.networks import experiments

WRITE = partial(number, decimals=4)


def asked_at(
    symbol: str, lesson: str = "mazur", form: str | None = "vote", **more: object
) -> AskedQuestion:
    """The question for a step of the first iteration."""
    timeline = Timeline(load(lesson))
    position = Position(1, timeline.program.index(symbol))
    return ask(timeline, position, form, WRITE, **more)  # type: ignore[arg-type]


def test_the_vote_of_the_published_example() -> None:
    """dA1[1,1] of Mazur's network: the right number, and three that name their mistake."""
    asked = asked_at("dA1")
    assert asked.cell == Cell("dA1", 1, 1)
    assert asked.correct is not None
    assert asked.correct.written == "0.0364"
    wrong = {choice.label: choice.written for choice in asked.choices if not choice.right}
    assert wrong == {
        "from one path only": "0.0554",
        "without the ᵀ": "0.0383",
        "with a term counted twice": "0.0917",
    }


ASKED = Path(__file__).with_name("asked.txt").read_text("utf-8").split("\n\n")
"""All that is asked at steps of lessons: the vote, what is said of the number, its parts, the lines
of its derivation."""


@pytest.mark.parametrize("asked", ASKED, ids=[asked.partition("\n")[0] for asked in ASKED])
def test_all_that_is_asked_at_a_step(asked: str) -> None:
    title, *lines = asked.strip().splitlines()
    assert list(all_asked(*title.split(": "))) == lines


def all_asked(lesson: str, symbol: str) -> Iterator[str]:
    """What is asked at a step, as ASKED has it."""
    timeline = Timeline(load(lesson))
    program = timeline.program
    asked = ask(timeline, Position(1, program.index(symbol)), "vote", WRITE)
    yield from told(asked)
    found = Explanation(Provenance(timeline), asked.place, WRITE)
    yield f"{idea(found)} {put_together(found)}"
    for part in ask_parts(asked, found, 7):
        yield from told(part)
    ways = ((True, False), (False, False), (False, True)) if symbol in program.gradients else ()
    for elements, typed in ways:
        lines = derivation(program, symbol, elements=elements)
        if (line := ask_line(program, asked.place, lines, typed, seed=7)) is not None:
            yield f"line {line.line}"
            yield from told(line)


def told(asked: AskedQuestion) -> Iterator[str]:
    yield f"{asked.form}: {asked.text}" + (f" {asked.hint}" if asked.hint else "")
    for choice in asked.choices:
        yield f"  {choice.written}  {'right' if choice.right else choice.label}".rstrip()


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("Z1", "What is the sum of the weighted inputs and the bias?"),
        ("A1", "What does the activation give for Z1[1,1]?"),
        ("L", "How large is the loss of this prediction?"),
        ("dW2", "How fast does L change with W2[1,1]? (∂L/∂W2[1,1])"),
        ("W1", "What is the new value of W1[1,1]?"),
    ],
)
def test_every_kind_of_step_has_a_question(symbol: str, said: str) -> None:
    assert asked_at(symbol).text == said


@pytest.mark.parametrize(
    ("experiment", "symbol", "said"),
    [
        (program_file("joint"), "O", "What is O[1,1]? (O = tanh(W·X + b))"),
        (program_file("joint"), "J", "What is J? (J = sqrt(total(L²)) + 0.1·total(W^4))"),
        (load("batch"), "J", "What is the mean of the losses of all examples?"),
        (load("l2"), "J", "What is the loss, plus the L2 penalty?"),
    ],
)
def test_an_objective_of_ones_own_is_asked_for_by_its_formula(
    experiment: Experiment, symbol: str, said: str
) -> None:
    program = experiment.program
    step = program.steps[program.index(symbol)]
    assert asks(program, step, Cell(symbol, 1, 1)) == said


def test_dw_is_asked_of_the_mean_and_dz_of_its_own_loss() -> None:
    assert asked_at("dZ2", "batch").text.startswith("How fast does L change")
    assert asked_at("dW2", "batch").text.startswith("How fast does J change")


def test_the_author_s_question_wins() -> None:
    question = Question("dA1", None, "number", "Which sign?", "It is positive.", cell=(2, 1))
    asked = asked_at("dA1", form=None, question=question)
    assert (asked.text, asked.form, asked.cell) == ("Which sign?", "number", Cell("dA1", 2, 1))
    assert asked.own
    assert asked.answer == "It is positive."


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("What is dW2[1,2]?", (1, 2)),
        ("Look at dW2[ 2 , 1 ] once more: what is dW2[2,1]?", (2, 1)),
        ("W2[1,2] connects A1[2,1] to Z2[1,1].", None),
        ("Which is larger, dW2[1,2] or dW2[2,1]?", None),
        ("What is dW2[3,1]?", None),
    ],
)
def test_a_cell_named_in_the_text_is_asked_for(text: str, cell: tuple[int, int] | None) -> None:
    asked = asked_at("dW2", question=Question("dW2", None, "vote", text))
    best = asked_at("dW2").cell
    assert asked.cell == (Cell("dW2", *cell) if cell else best)
    own = asked_at("dW2", question=Question("dW2", None, "vote", text, cell=(2, 2)))
    assert own.cell == Cell("dW2", 2, 2)


CONCEPT = Question(
    "dW2",
    None,
    "vote",
    "Which weight changes the most?",
    "They share dZ2.",
    choices=(WrittenChoice("The last"), WrittenChoice("The first", "Its input is the largest.")),
    correct=2,
)


@pytest.mark.parametrize("form", [None, "vote", "number"])
def test_choices_of_the_author_stay_as_they_are_however_numbers_are_asked_for(
    form: str | None,
) -> None:
    asked = asked_at("dW2", form=form, question=CONCEPT)
    assert (asked.form, asked.worded, asked.text) == ("vote", True, CONCEPT.text)
    assert [(c.written, c.label, c.right) for c in asked.choices] == [
        ("The last", "", False),
        ("The first", "Its input is the largest.", True),
    ]
    assert asked.correct is asked.choices[1]
    assert not asked_at("dW2").worded


@pytest.mark.parametrize(("example", "column"), [(0, 1), (3, 4), (9, 4)])
def test_a_cell_is_of_the_example_shown_or_the_last_there_is(example: int, column: int) -> None:
    assert asked_at("dZ2", "batch", example=example).cell == Cell("dZ2", 1, column)


def test_another_cell_may_be_chosen() -> None:
    assert asked_at("dA1", cell=Cell("dA1", 2, 1)).cell == Cell("dA1", 2, 1)


def test_a_step_has_one_kind_in_every_layer() -> None:
    program = Timeline(load("mazur")).program
    assert [step.family for step in program.steps[:5]] == ["Z", "A", "Z", "A", "L"]


@given(experiment=experiments(scales=(1.0,)), data=st.data())
def test_choices_are_told_apart_and_one_is_right(experiment: Experiment, data: DataObject) -> None:
    timeline = Timeline(experiment)
    steps = data.draw(st.integers(0, len(timeline.program.steps) - 1))
    asked = ask(timeline, Position(1, steps), "vote", WRITE)
    right = timeline.iteration(1).results[steps][asked.cell.row - 1, asked.cell.column - 1]
    if asked.form == "talk":
        assert len(asked.choices) <= 1
        return
    written = [choice.written for choice in asked.choices]
    assert 2 <= len(written) == len(set(written)) <= 4
    assert [choice.number for choice in asked.choices if choice.right] == [right]
    assert all(choice.label for choice in asked.choices if not choice.right)


@pytest.mark.parametrize("lesson", ["article", "mazur", "rnn", "attention"])
def test_what_a_wrong_choice_is_called_is_said_of_it_as_well(lesson: str) -> None:
    timeline = Timeline(load(lesson))
    provenance, twins = Provenance(timeline), 0
    for steps in range(len(timeline.program.steps)):
        asked = ask(timeline, Position(1, steps), "vote", WRITE)
        found = Explanation(provenance, asked.place, WRITE)
        for choice in () if asked.worded else asked.choices:
            said = "" if choice.right else wrong_choice(asked, choice, found).said
            assert "not one of the common mistakes" not in said, (asked.place, choice)
            twins += choice.label.endswith("sign flipped") and choice.label in said
    assert twins


@given(experiment=experiments(scales=(1.0,)), data=st.data())
def test_a_zero_is_asked_for_only_where_there_is_nothing_else(
    experiment: Experiment, data: DataObject
) -> None:
    timeline = Timeline(experiment)
    program = timeline.program
    steps = data.draw(st.integers(0, len(program.steps) - 1))
    result = timeline.iteration(1).results[steps]
    of_one = program.steps[steps].symbol in program.per_example
    rows, columns = program.architecture.place(3, 1) if of_one else (3, 3)
    seen = result[:rows, :columns]
    assume(np.isfinite(seen).all() and (np.abs(seen) > 1e-3).any())
    cell = ask(timeline, Position(1, steps), "vote", WRITE).cell
    assert result[cell.row - 1, cell.column - 1] != 0


@given(experiment=experiments(scales=(1.0,)), data=st.data())
def test_no_wrong_choice_is_what_somebody_reckons_with_the_figures_shown(
    experiment: Experiment, data: DataObject
) -> None:
    timeline = Timeline(experiment)
    steps = data.draw(st.integers(0, len(timeline.program.steps) - 1))
    asked = ask(timeline, Position(1, steps), "vote", WRITE)
    by_hand = Explanation(Provenance(timeline), asked.place, WRITE).by_hand()
    told = {WRITE(number) for number in by_hand}
    assert not [c for c in asked.choices if not c.right and c.written in told]


TIMELINE = Timeline(load("mazur"))


def asked(symbol: str, iteration: int = 1) -> AskedQuestion:
    position = Position(iteration, TIMELINE.program.index(symbol))
    return ask(TIMELINE, position, "vote", str)


@pytest.mark.parametrize(
    ("written", "shown", "is_rounding"),
    [
        ("0.124", "0.123", True),
        ("0.125", "0.123", False),
        ("0.1244", "0.123", True),
        ("0.1246", "0.123", False),
        ("−0.124", "−0.123", True),
        ("5", "4", True),
        ("1.24e−05", "1.23e−05", True),
        ("1.25e−05", "1.23e−05", False),
        ("0.124", "∞", False),
    ],
)
def test_one_unit_of_the_last_digit_may_be_rounding(
    written: str, shown: str, is_rounding: bool
) -> None:
    assert questions._is_rounding(written, shown) is is_rounding


def test_a_wrong_number_that_rounding_leaves_of_0_is_0() -> None:
    timeline = Timeline(load("neuron"))
    iteration, cell = timeline.iteration(1), Cell("Z1", 1, 1)
    wrong = [abs(w.number) for w in wrong_numbers(timeline.program, iteration, cell)]
    assert any(0 < size < VANISHES / 10 for size in wrong)
    votes = (
        choices_at(timeline.program, iteration, cell, "{:.4f}".format, (), k) for k in range(9)
    )
    labelled = {
        choice.number for vote in votes for choice in vote if choice.label == "without the bias"
    }
    assert labelled == {0.0}


def test_a_1_beside_a_very_large_number_is_not_written_as_0() -> None:
    """The derivative of linear is 1, also at 4e13."""
    timeline = Timeline(load("too-large"))
    iteration, cell = timeline.iteration(50), Cell("A1", 1, 1)
    assert abs(iteration.results[1][0, 0]) > 1e13
    votes = (
        choices_at(timeline.program, iteration, cell, "{:.2e}".format, (), k) for k in range(9)
    )
    assert all(choice.number for vote in votes for choice in vote)


def test_nothing_asked_says_nothing() -> None:
    assert Score().sentence() == ""


def test_what_is_only_seen_is_not_missed() -> None:
    score = Score().after(asked("dA1"), Ended.SEEN, 0)
    assert score.sentence() == ""  # nobody answered anything
    assert score.after(asked("dW1"), Ended.RIGHT, 0).sentence().startswith("1 of 2 correct")
    assert score.missed == ()
    assert not score.is_due("dA")


def test_the_first_outcome_counts() -> None:
    score = Score().after(asked("dA1"), Ended.MISSED, 3).after(asked("dA1"), Ended.RIGHT, 0)
    assert (score.right, score.missed) == (0, ("dA",))


def test_a_missed_kind_is_due_until_it_is_answered_at_once() -> None:
    score = Score().after(asked("dW2"), Ended.RIGHT, 1)
    assert score.is_due("dW")
    again = score.after(asked("dW1"), Ended.RIGHT, 0)
    assert not again.is_due("dW")
    assert again.sentence() == "2 of 2 correct, 1 at the first try. Look again at dW."


def test_no_two_questions_have_the_same_number() -> None:
    """Nor where the one before was a talk, which has no score, or was left unanswered."""
    numbers = []
    score = Score()
    for symbol, iteration in (("dA1", 1), ("dW1", 1), ("dA1", 2)):
        score = score.opening(asked(symbol, iteration))
        numbers.append(score.number(asked(symbol, iteration)))
    assert numbers == [1, 2, 3]
    score = score.after(asked("dW1"), Ended.RIGHT, 0).opening(asked("dW1"))
    assert score.number(asked("dW1")) == 2


def test_all_at_the_first_try_is_said() -> None:
    score = Score().after(asked("dW2"), Ended.RIGHT, 0).after(asked("dW2", 2), Ended.RIGHT, 0)
    assert score.sentence() == "2 of 2 correct, all at the first try."
