"""A lesson in a session: notes line by line, and a vote in its author's words."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from backprop_tui.exports.record import Record
from backprop_tui.files.experiment_file import load
from backprop_tui.model.notes import Note, Question, WrittenChoice
from backprop_tui.run.timeline import Position
from tests.plain.session import Typed

ARTICLE = replace(load("article"), notes=(), questions=())
LINES = (
    Note("Z1", None, ("One.", "Two.", "Three.")),
    Note("Z1", None, ("And four.",)),
)
CONCEPT = Question(
    "Z1",
    None,
    "vote",
    "Which row is the largest?",
    choices=(WrittenChoice("The last.", "It is below 0."), WrittenChoice("The first.", "1.5.")),
    correct=2,
)


class TestLines:
    def test_one_press_reveals_one_before_the_step_goes_on(self) -> None:
        typed = Typed(replace(ARTICLE, notes=LINES))
        assert typed("next")[-2:] == ["Note: One.", "The note goes on: next tells more."]
        assert typed("next") == ["Note: Two.", "The note goes on: next tells more."]
        assert typed("next") == ["Note: Three.", "Note: And four."]
        assert typed.session.position == Position(1, 1)
        assert typed.session.view.notes == ("One.", "Two.", "Three.", "And four.")
        typed("next")
        assert typed.session.position == Position(1, 2)

    def test_the_way_back_begins_with_the_first_again(self) -> None:
        typed = Typed(replace(ARTICLE, notes=LINES))
        typed("next", "next", "next", "next", "back")
        assert typed.session.view.notes == ("One.",)
        typed("next", "back")
        assert typed.session.position == Position(1, 0)

    def test_none_waits_while_another_number_is_explained_or_an_operation_is_open(self) -> None:
        typed = Typed(replace(ARTICLE, notes=LINES))
        typed("into", "next")
        assert typed.session.position == Position(1, 1)
        typed("back", "next", "why Z1[1,1]", "mistake sign-flipped", "next")
        assert typed.session.position == Position(1, 2), "notes rest while a mistake is made"


class TestChoices:
    def test_are_asked_answered_and_told_in_words(self) -> None:
        typed = Typed(replace(ARTICLE, questions=(CONCEPT,)), ask="lesson")
        assert typed("next")[1:4] == [
            "Which row is the largest?",
            "1: The last.",
            "2: The first.",
        ]
        assert typed("1") == ["Not correct. It is below 0."]
        assert typed("2")[:2] == ["Correct, at try 2.", "2 is correct: The first. 1.5."]
        assert typed.session.position == Position(1, 1)
        assert typed.session.score is not None
        assert (typed.session.score.right, typed.session.score.at_first) == (1, 0)

    def test_no_cell_and_no_number_answers_them(self) -> None:
        typed = Typed(replace(ARTICLE, questions=(CONCEPT,)), ask="lesson")
        typed("next")
        assert not typed.session.ask_for(typed.session.asking.cell).moved  # type: ignore[union-attr]
        assert typed("0.5")[0].startswith("It is a vote.")
        assert typed("3") == ["The choices are 1 to 2."]
        typed.session.key("enter")
        assert typed.session.prompt is None
        assert typed.session.message == "The choices are 1 to 2."

    def test_are_recorded_in_words(self, tmp_path: Path) -> None:
        typed = Typed(replace(ARTICLE, questions=(CONCEPT,)), ask="lesson")
        typed.session.record = Record(str(tmp_path / "record.csv"))
        typed("next", "1", "2")
        with open(tmp_path / "record.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [(r["form"], r["answer"], r["verdict"], r["right"]) for r in rows] == [
            ("vote", "The last.", "wrong", "The first."),
            ("vote", "The first.", "right", "The first."),
        ]
