"""What the Step panel says of a vote in its author's words, and of a note of several lines."""

from __future__ import annotations

from dataclasses import replace

from backprop_tui.explain.explanation import Explanation
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.answers import wrong_choice
from backprop_tui.learn.questions import QuestionOutcome, ask
from backprop_tui.model.notes import Note, Question, WrittenChoice
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session.question import Asking
from backprop_tui.session.view import View
from backprop_tui.tui.panels.question import question_lines
from backprop_tui.tui.panels.step_lines import explained
from tests.tui.driver import view_of

CONCEPT = Question(
    "dW2",
    None,
    "vote",
    "Which weight of W2 changes the most?",
    choices=(
        WrittenChoice("The third", "Its input is 0.389."),
        WrittenChoice("The first", "Its input is the largest."),
        WrittenChoice("The second"),
    ),
    correct=2,
)
TIMELINE = Timeline(replace(load("article"), notes=(), questions=(CONCEPT,)))
BEFORE = Position(1, TIMELINE.program.index("dW2"))
OPEN = Asking(ask(TIMELINE, BEFORE, None, str, question=CONCEPT), 1)


def over(asking: Asking) -> list[str]:
    view = view_of(TIMELINE, replace(BEFORE, steps=BEFORE.steps + 1), asking=asking)
    return [line.text for line in question_lines(view, asking, 78, 6)]


def missed(at: int) -> Asking:
    """The question after a vote for a choice that is not correct."""
    view = view_of(TIMELINE, BEFORE)
    found = Explanation(view.provenance, OPEN.asked.place, str)
    choice = OPEN.choices[at]
    return OPEN.missed(choice.written, wrong_choice(OPEN.asked, choice, found), at)


def test_it_is_asked_with_its_choices_and_no_number() -> None:
    lines = [line.text for line in question_lines(view_of(TIMELINE, BEFORE), OPEN, 78, 6)]
    assert lines[0] == CONCEPT.text
    assert lines[1] == "1)   The third     2)   The first     3)   The second"
    assert lines[2].startswith("Show one to three fingers.")
    assert not any("= ?" in line for line in lines)


def test_a_wrong_one_is_told_why_or_at_least_that_it_is_not_correct() -> None:
    view = view_of(TIMELINE, BEFORE)
    told = [[line.text for line in question_lines(view, missed(k), 78, 6)] for k in (0, 2)]
    assert "1) ✗ The third" in told[0][1]
    assert "✗ Its input is 0.389." in told[0]
    assert "✗ “The second” is not correct." in told[1]


def test_when_it_is_over_the_correct_one_says_why_and_the_wrong_ones_do() -> None:
    seen = over(replace(OPEN, outcome=QuestionOutcome.SEEN))
    assert "✓2) The first (Its input is the largest.)" in seen
    assert not any("The third" in line for line in seen)
    right = over(replace(missed(0), outcome=QuestionOutcome.RIGHT, judged=None))
    assert "✗1) The third (Its input is 0.389.)" in right
    assert "✓ Correct, at try 2." in right


LINES = Note("dW2", None, ("First.", "Second.", "Third."))


def noted(presses: int) -> View:
    timeline = Timeline(replace(TIMELINE.experiment, notes=(LINES,), questions=()))
    return view_of(timeline, replace(BEFORE, steps=BEFORE.steps + 1), more_lines=presses)


def test_the_lines_of_a_note_are_revealed_one_after_the_other() -> None:
    for presses, left in ((0, 2), (1, 1), (2, 0)):
        view = noted(presses)
        assert view.notes == LINES.lines[: presses + 1]
        assert view.lines_left == left
        notes = [line for line in explained(view, 78, 6) if line.looks == "note"]
        assert [line.text for line in notes] == [f"◆ {words}" for words in view.notes]
        assert notes[-1].right == (f"{left} more ▸" if left else "")


def test_the_newest_line_outlives_those_before_it() -> None:
    *before, newest = [line for line in explained(noted(2), 78, 6) if line.looks == "note"]
    assert all(line.weight < newest.weight for line in before)
