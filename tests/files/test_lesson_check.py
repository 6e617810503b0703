"""What an author is told of a lesson that is read as it is, and yet will disappoint in class."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from backprop_tui.files import lesson_check
from backprop_tui.files.experiment_file import load
from backprop_tui.files.lesson_check import remarks
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.network import Network, Training
from backprop_tui.model.notes import Note, Question, WrittenChoice
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Timeline
from tests.networks import ARTICLE, experiment, experiments
from tests.programs import written

MAZUR = load("mazur")
BATCH = load("batch")
WILD = experiment(
    Network((1, 1), ("linear",), "half_squared_error"),
    Training(learning_rate=1e200),
    [[1.0]],
    [[0.0]],
    {"W1": [[1.0]]},
)
"""It diverges in its second iteration."""


def found(of: Experiment, *said: Note | Question) -> list[str]:
    """What is remarked of an experiment in which just this is said and asked."""
    notes = tuple(s for s in said if isinstance(s, Note))
    questions = tuple(s for s in said if isinstance(s, Question))
    return list(remarks(Timeline(replace(of, notes=notes, questions=questions))))


@given(experiments())
def test_nothing_is_remarked_where_nothing_is_said(e: Experiment) -> None:
    assert found(e) == []


def test_a_parameter_that_no_line_uses_is_remarked() -> None:
    unused = written(
        {"W": (1, 1), "U": (1, 1)},
        {"X": [[1.0]], "Y": [[1.0]]},
        {"O": "W·X", "L": "half_squared_error(O, Y)"},
    )
    assert found(unused) == ["parameters.U is used by no line: it is never updated"]


@pytest.mark.parametrize(
    ("factor", "decay", "told"),
    [
        ("0.1", 0.1, []),
        ("λ", 0.0, ["J reads λ, which is 0 here: write the number into the formula"]),
        ("λ₂", 0.0, ["J reads λ₂, which is 0 here: write the number into the formula"]),
        ("λ", 0.1, ["J reads λ, but weight decay adds it times each weight in the update, too"]),
    ],
)
def test_a_factor_of_a_penalty_that_is_0_or_counts_twice_is_remarked(
    factor: str, decay: float, told: list[str]
) -> None:
    forward = {"O": "W·X", "L": "(O − Y)²", "J": f"mean(L) + {factor}·total(W²)"}
    of = written({"W": (1, 1)}, {"X": [[1.0, 2.0]], "Y": [[1.0, 1.0]]}, forward)
    assert found(replace(of, training=replace(of.training, weight_decay=decay))) == told


class TestRoom:
    @pytest.mark.parametrize(
        ("length", "told"),
        [
            (76, []),
            (
                77,
                [
                    "notes[1].text takes 2 lines at 80 columns, and hides other lines: "
                    "76 characters fit on one, it has 77"
                ],
            ),
            (228, None),
            (
                229,
                ["notes[1].text is cut off at 80 columns: it takes 4 lines and has 3 lines"],
            ),
        ],
    )
    def test_of_a_note(self, length: int, told: list[str] | None) -> None:
        said = found(ARTICLE, Note("L", None, ("x" * length,)))
        if told is None:
            assert "and hides other lines" in said[0]
        else:
            assert said == told

    def test_of_a_question_and_its_answer(self) -> None:
        fits = Question("L", 1, "talk", "x" * 76, "x" * 152)
        assert found(ARTICLE, fits) == []
        assert found(ARTICLE, replace(fits, text="x" * 77, answer="x" * 153)) == [
            "questions[1].text is cut off at 80 columns: it takes 2 lines and has one line",
            "questions[1].answer is cut off at 80 columns: it takes 3 lines and has 2 lines",
        ]

    def test_of_several_lines_the_one_that_is_too_long_is_named(self) -> None:
        (said,) = found(ARTICLE, Note("L", None, ("x" * 76, "x" * 77)))
        assert said.startswith("notes[1].text[2] takes 2 lines")

    def test_of_what_it_teaches(self) -> None:
        assert found(replace(ARTICLE, teaches="x" * 40)) == []
        assert found(replace(ARTICLE, teaches="x" * 41)) == [
            "teaches has 41 characters: a list of lessons has room for 40"
        ]


class TestVotes:
    def test_with_enough_wrong_numbers_are_good(self) -> None:
        assert found(MAZUR, Question("dA1", None, "vote", "How?", cell=(1, 1))) == []

    def test_with_fewer_are_not(self) -> None:
        assert found(load("article"), Question("db2", None, "vote", "How?", cell=(1, 1))) == [
            "questions[1] is a vote with too few choices: mistakes give 2 wrong numbers "
            "for db2[1,1] at 3 decimals, but 3 are needed"
        ]

    def test_count_what_can_be_told_apart_at_the_decimals_of_the_file(self) -> None:
        question = Question("dW1", None, "vote", "How?", cell=(1, 2))
        assert found(MAZUR, question) == []
        assert "at 2 decimals" in found(replace(MAZUR, own_decimals=2), question)[-1]

    def test_without_a_cell_are_about_the_one_that_will_be_asked_for(self) -> None:
        assert found(MAZUR, Question("dW1", None, "vote", "How?")) == []
        few = found(load("article"), Question("db2", None, "vote", "How?"))
        assert few == found(load("article"), Question("db2", None, "vote", "How?", cell=(1, 1)))

    def test_need_nothing_of_the_kind_in_other_forms(self) -> None:
        for form in ("number", "formula", "talk"):
            assert (
                found(load("article"), Question("db2", 1, form, "How?", "So.", cell=(1, 1))) == []
            )


class TestCells:
    def test_that_a_text_names_and_the_step_has_not_are_remarked(self) -> None:
        question = Question("dA1", 1, "talk", "What is dA1[3,1]?", "So.")
        assert found(MAZUR, question) == [
            "questions[1].text names dA1[3,1], but dA1 has 2 rows and 1 column"
        ]
        assert found(MAZUR, replace(question, text="What is dA1[2,1]?")) == []

    @pytest.mark.parametrize(
        ("cell", "outside"), [("[1,1]", False), ("[2,1]", True), ("[1,2]", True)]
    )
    def test_of_a_single_number_there_is_only_the_first(self, cell: str, outside: bool) -> None:
        said = found(BATCH, Question("J", 1, "talk", f"What is J{cell}?", "So."))
        told = f"questions[1].text names J{cell}, but J has 1 row and 1 column"
        assert said == [told] * outside

    def test_of_several_one_has_to_be_said(self) -> None:
        question = Question("dW2", 1, "number", "Is dW2[1,2] above dW2[2,1]?")
        assert found(MAZUR, question) == [
            "questions[1].text names several cells of dW2: cell says which is asked for"
        ]
        assert found(MAZUR, replace(question, cell=(1, 2))) == []

    def test_are_no_matter_where_the_choices_are_words(self) -> None:
        choices = (WrittenChoice("Yes."), WrittenChoice("No."))
        question = Question("dW1", 1, "vote", "Is it 0?", choices=choices, correct=1)
        assert found(load("zeros"), question) == []


class TestEdits:
    @pytest.mark.parametrize("form", ["number", "vote", "formula", "talk"])
    def test_of_what_is_asked_for_are_remarked(self, form: str) -> None:
        edited = replace(MAZUR, edits=(Edit(2, Cell("W2", 1, 2), 0.5),))
        question = Question("W2", None, form, "How?", "So.", cell=(1, 2))
        assert found(edited, question) == [
            "questions[1] is not asked in iteration 1: an edit sets W2[1,2] after its update"
        ]
        assert found(edited, replace(question, cell=(1, 1))) == []


class TestZeros:
    def test_are_remarked_also_when_they_only_look_so(self) -> None:
        question = Question("dW1", None, "number", "How?", cell=(1, 1))
        assert found(replace(MAZUR, own_decimals=3), question) == [
            "the answer to questions[1] is zero: dW1[1,1] is 0 at 3 decimals in iteration 1"
        ]
        assert found(MAZUR, question) == []

    def test_where_all_else_is_0_too_no_mistake_gives_a_choice(self) -> None:
        network = Network((1, 1), ("linear",), "half_squared_error")
        zeros = experiment(network, Training(), [[0.0]], [[0.0]], {"W1": [[0.0]], "b1": [[0.0]]})
        _, few = found(zeros, Question("Z1", 1, "vote", "How?"))
        assert "mistakes give 0 wrong numbers for Z1[1,1]" in few

    def test_without_a_cell_are_remarked_only_where_there_is_nothing_else(self) -> None:
        first, second = (Question("dW1", k, "number", "How?") for k in (1, 2))
        assert "is zero: dW1[1,1]" in found(load("zeros"), first)[0]
        assert found(load("zeros"), second) == []
        assert found(load("dead-relu"), first) == [], "row 2 is not 0"


class TestPlaces:
    @pytest.mark.parametrize(
        ("kind", "said"),
        [("notes", Note("L", 3, ("x",))), ("questions", Question("L", 3, "talk", "x", "y"))],
    )
    def test_behind_the_end_of_a_diverged_run_are_never_reached(
        self, kind: str, said: Note | Question
    ) -> None:
        assert Timeline(WILD).diverged(2)
        assert found(WILD, said) == [
            f"{kind}[1] is at iteration 3, but the run diverges in iteration 2"
        ]
        assert found(WILD, replace(said, iteration=2)) == []

    def test_that_are_never_reached_are_asked_nothing_of(self) -> None:
        assert len(found(WILD, Question("L", 3, "vote", "x"))) == 1

    def test_the_last_iteration_that_is_gone_to_is_not_far_away(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lesson_check, "FARTHEST", 2)
        assert found(ARTICLE, Note("L", 2, ("x",))) == []
        assert len(found(ARTICLE, Note("L", 3, ("x",)))) == 1

    def test_far_away_are_remarked_without_going_there(self) -> None:
        assert found(ARTICLE, Note("L", 10**15, ("x",))) == [
            "notes[1] is at iteration 1,000,000,000,000,000: nobody will step that far"
        ]

    def test_of_two_questions_are_two(self) -> None:
        always, once = (Question("b2", k, "talk", "x", "y", every=k is None) for k in (None, 2))
        assert found(ARTICLE, always, once) == [
            "2 questions are asked at b2 in iteration 2, one after the other"
        ]
        assert found(ARTICLE, once, once) == found(ARTICLE, always, once)
        assert found(ARTICLE, once, replace(once, iteration=1)) == []
        assert found(ARTICLE, once, replace(once, step="W2")) == []
