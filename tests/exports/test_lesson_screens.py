"""What an author is told that a screen of 80×24 cannot show of a lesson."""

from __future__ import annotations

from dataclasses import replace

from backprop_tui.exports.check import Report
from backprop_tui.exports.lesson_screens import HEIGHT, WIDTH, lost
from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.notes import Note, Question, WrittenChoice
from backprop_tui.model.saved import Edit
from backprop_tui.run.edits import with_edit
from backprop_tui.run.timeline import Timeline
from tests.tui.driver import stepping

MAZUR = replace(load("mazur"), published=(), notes=(), questions=())
FOUR = tuple(Note("dW2", None, (f"The {k} note.",)) for k in ("first", "second", "third", "last"))
VOTE = Question("dW2", None, "vote", "What is dW2[1,2]?", "dZ where it ends, A where it starts.")
WORDED = replace(
    VOTE,
    choices=(WrittenChoice("Up.", "It is."), WrittenChoice("Down.", "It is not.")),
    correct=1,
    text="Where does it go?",
)
ROOM = "the Step panel has 6 lines"


def found(of: Experiment, *notes: Note, questions: tuple[Question, ...] = ()) -> list[str]:
    return list(lost(Timeline(replace(of, notes=notes, questions=questions))))


async def test_the_room_is_that_of_the_screen() -> None:
    async with stepping(MAZUR, size=(80, 24)) as driver:
        await driver.press("space")
        width, height = driver.screen.query_one("#step").size
        assert (width - 2, height - 1) == (WIDTH, HEIGHT)


def test_what_fits_is_not_lost() -> None:
    assert found(MAZUR, *FOUR[:2]) == []
    assert found(MAZUR, FOUR[0], questions=(VOTE,)) == []
    assert found(MAZUR, FOUR[0], questions=(WORDED,)) == []


def test_notes_behind_a_vote_are_lost_when_it_is_over() -> None:
    told = found(MAZUR, *FOUR, questions=(VOTE,))
    over = "is not shown whole at 80×24 once the question there is over"
    assert told[-1] == f"notes[4].text {over}: {ROOM}"
    assert [sentence.split()[0] for sentence in told] == [f"notes[{k}].text" for k in (2, 3, 4)]


def test_each_revealed_line_has_its_room() -> None:
    lines = Note("dW2", None, tuple(f"This is line {k} of the note." for k in range(9)))
    assert found(MAZUR, lines) == []
    assert found(MAZUR, replace(lines, lines=(*lines.lines, "x" * 400))) == [
        f"notes[1].text[10] is not shown whole at 80×24: {ROOM}"
    ]


def test_a_question_and_its_answer_are_looked_for() -> None:
    asked = replace(VOTE, text="Why? " * 60, answer="So. " * 60)
    assert found(MAZUR, questions=(asked,)) == [
        f"questions[1].{part} is not shown whole at 80×24: {ROOM}" for part in ("text", "answer")
    ]


def test_choices_in_words_are_looked_for() -> None:
    choices = (WrittenChoice("Up " * 200, "It is. " * 40), *WORDED.choices[1:])
    assert found(MAZUR, questions=(replace(WORDED, choices=choices),)) == [
        f"questions[1].choices[1] is not shown whole at 80×24: {ROOM}",
        f"questions[1].choices[1].why is not shown whole at 80×24: {ROOM}",
    ]


def test_check_says_it_once() -> None:
    notes = (*FOUR, Note("L", None, ("x " * 200,)))
    report = Report(Timeline(replace(MAZUR, notes=notes, questions=(VOTE,))), 1)
    about = [sentence.split()[0] for sentence in report.remarks]
    assert about == ["notes[5].text", "notes[2].text", "notes[3].text", "notes[4].text"]


def test_where_nobody_comes_nothing_is_painted() -> None:
    assert found(MAZUR, Note("L", 10**12, ("x " * 200,))) == []


def test_what_is_said_of_a_number_before_it_was_edited_is_not_looked_for() -> None:
    notes = Note("L", 1, ("x " * 200,)), Note("L", None, ("y " * 200,))
    edit = Edit(1, Cell("W1", 1, 1), 0.5)
    edited = with_edit(replace(MAZUR, notes=notes, questions=(replace(VOTE, iteration=1),)), edit)
    assert [said.split()[0] for said in lost(Timeline(edited))] == ["notes[2].text"]
