"""Help that leads on: the idea, the mistake, the step; or the number in parts, one by one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.explain.explanation import Explanation
from backprop_tui.exports.record import BEFORE_HELP, COLUMNS, Record
from backprop_tui.files.atomic_write import SaveError
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.questions import Helped, QuestionOutcome, Score
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.writing import text
from backprop_tui.model.notes import Question
from backprop_tui.model.saved import Edit
from backprop_tui.run.timeline import Position
from backprop_tui.session.question import Asking
from backprop_tui.session.session import Session
from tests.formulas import ASKED, program_file


def at(symbol: str, lesson: str = "mazur", mode: str = "type") -> Session:
    """A session in which that step is asked for."""
    session = Session(load(lesson), decimals=4)
    session.go(Position(1, session.timeline.program.index(symbol)))
    session.do("ask", mode)
    session.do("next")
    return session


def asking(session: Session) -> Asking:
    assert session.asking is not None
    return session.asking


def score(session: Session) -> Score:
    assert session.score is not None
    return session.score


def part(session: Session) -> str:
    """The part that is asked for; empty for the number itself."""
    found = asking(session).asked.part
    return "" if found is None else text(found)


@pytest.mark.parametrize("mode", ["vote", "type"])
def test_a_number_that_an_edit_sets_behind_its_update_is_not_asked_for(mode: str) -> None:
    cell = asking(at("W2", mode=mode)).cell
    other = Cell("W2", 3 - cell.row, cell.column)
    for edited, asked in ((cell, None), (other, cell)):
        e = replace(load("mazur"), edits=(Edit(2, edited, 0.5),))
        session = Session(e, decimals=4)
        session.go(Position(1, e.program.index("W2")))
        session.do("ask", mode)
        session.do("next")
        session.ask_for(edited)
        assert (session.asking and session.asking.cell) == asked
        assert session.position.steps == e.program.index("W2") + (asked is None)


@pytest.mark.parametrize("at_cell", [(1, 1), (1, 2), (2, 2)])
def test_its_author_s_other_questions_about_the_step_are(at_cell: tuple[int, int]) -> None:
    cells = [(1, 1), (1, 2), (2, 2)]
    questions = tuple(Question("W2", 1, "number", "How?", cell=cell) for cell in cells)
    edits = (Edit(2, Cell("W2", *at_cell), 0.5),)
    session = Session(replace(load("mazur"), questions=questions, edits=edits), decimals=4)
    session.go(Position(1, session.timeline.program.index("W2")))
    asked = []
    while (session.do("next"), session.asking and session.asking.is_open)[1]:
        asked.append((asking(session).cell.row, asking(session).cell.column))
    assert asked == [cell for cell in cells if cell != at_cell]


class TestThreeMisses:
    """0.0554 is one of the two terms of mazur's dA1[1,1], 0.0364."""

    def test_the_first_names_the_idea_and_the_matrices_to_look_at(self) -> None:
        session = at("dA1")
        session.answer("0.0554")
        assert asking(session).said == (
            "0.0554 is not correct. Chain rule: L uses A1 through Z2. It is a sum of 2 terms. "
            "Look at W2 and dZ2."
        )
        assert asking(session).look == ()

    def test_the_second_names_the_mistake_and_the_cells(self) -> None:
        session = at("dA1")
        for typed in ("0.0383", "0.0554"):
            session.answer(typed)
        assert asking(session).said == "0.0554 is what you get from one path only."
        assert set(map(text, asking(session).look)) == {"W2[1,1]", "dZ2[1,1]"}
        assert asking(session).hints == 0

    @pytest.mark.parametrize("mode", ["type", "vote"])
    def test_neither_gives_the_result_or_the_formula_away(self, mode: str) -> None:
        session = at("dA1", mode=mode)
        wrong = [k for k, choice in enumerate(asking(session).choices, 1) if not choice.right]
        for k, typed in enumerate(("0.0383", "0.0554")):
            session.do("choose", str(wrong[k])) if wrong else session.answer(typed)
            assert asking(session).is_open
            for secret in ("0.0364", "W2ᵀ", "·"):
                assert secret not in asking(session).said

    def test_the_third_shows_the_step_and_the_term_that_differs(self) -> None:
        session = at("dA1")
        for typed in ("0.0383", "-0.0364", "0.0554"):
            session.answer(typed)
        over = asking(session)
        assert over.outcome is QuestionOutcome.MISSED
        assert "dA1[1,1] is W2[1,1]·dZ2[1,1] + W2[2,1]·dZ2[2,1]" in over.said
        assert over.judged is not None
        assert over.judged.term is not None
        assert text(over.judged.term) == "W2[2,1] · dZ2[2,1]"

    def test_where_no_one_term_explains_it_none_is_marked(self) -> None:
        session = at("dA1")
        for typed in ("0.0383", "0.0554", "-0.0364"):
            session.answer(typed)
        judged = asking(session).judged
        assert judged is not None
        assert judged.term is None


class TestParts:
    """mazur's Z1[1,1] is 0.15·0.05 + 0.20·0.10 + 0.35 = 0.3775."""

    def test_a_number_that_no_mistake_gives_leads_into_its_terms(self) -> None:
        session = at("Z1")
        session.answer("5")
        assert part(session) == "W1[1,1] · X[1,1]"
        assert asking(session).asked.text == "First: W1[1,1] · X[1,1] = ?"
        session.answer("0.0075")
        assert part(session) == "W1[1,2] · X[2,1]"
        assert asking(session).said == "0.0075 is correct."
        session.answer("0.02")
        assert part(session) == ""
        session.answer("0.3775")
        assert [a.outcome for a in score(session).answered] == [QuestionOutcome.RIGHT]

    def test_a_wrong_part_is_told_what_gives_it_then_shown(self) -> None:
        session = at("Z1")
        session.answer("5")
        session.answer("0.2")
        assert asking(session).said == "0.2 is what you get with factors added."
        session.answer("17")
        assert asking(session).said == "W1[1,1] · X[1,1] = 0.1500 × 0.0500 = 0.0075."
        assert part(session) == "W1[1,2] · X[2,1]"

    def test_a_mistake_that_has_a_name_leads_nowhere(self) -> None:
        session = at("dA1")
        session.answer("0.0554")
        assert part(session) == ""

    def test_the_number_itself_is_an_answer_to_a_part(self) -> None:
        session = at("Z1")
        session.answer("5")
        session.answer("0.3775")
        assert asking(session).outcome is QuestionOutcome.RIGHT

    def test_escape_leaves_the_parts_and_space_then_shows_the_step(self) -> None:
        session = at("Z1")
        for key in ("5", "enter", "0", "escape"):
            session.key(key, key if len(key) == 1 else None)
        assert part(session) == ""
        assert asking(session).is_open
        session.key("space", " ")
        assert asking(session).outcome is QuestionOutcome.MISSED
        assert session.mode == "type"

    def test_they_are_asked_for_once(self) -> None:
        session = at("Z1")
        for typed in ("5", "0.0075", "0.02", "6"):
            session.answer(typed)
        assert part(session) == ""
        assert asking(session).misses == 2

    def test_in_a_vote_they_are_voted_for(self) -> None:
        session = at("Z1", mode="vote")
        session.do("why")
        session.answer("5")
        right = asking(session).asked.correct
        assert right is not None
        assert len(asking(session).choices) > 1
        session.do("choose", str(asking(session).choices.index(right) + 1))
        assert part(session) == "W1[1,2] · X[2,1]"

    @pytest.mark.parametrize(
        ("symbol", "parts"),
        [
            ("A1", ["exp(−Z1[1,1])"]),
            ("dA2", ["A2[1,1]", "Y[1,1]"]),
            ("dZ1", ["σ′(Z1[1,1])"]),
            ("dW1", ["dZ1[1,1]", "X[1,1]"]),
            ("W1", ["α · dW1[1,1]"]),
        ],
    )
    def test_every_kind_of_step_has_its_parts(self, symbol: str, parts: list[str]) -> None:
        session = at(symbol)
        session.ask_for(Cell(symbol, 1, 1))
        session.answer("5")
        asked = asking(session).whole
        assert asked is not None
        assert [text(p.part) for p in asked.parts if p.part] == parts

    def test_of_a_batch_they_are_the_terms_of_its_examples(self) -> None:
        session = at("dW2", "batch")
        session.answer("5")
        assert part(session).startswith("dZ2[1,1] · A1[")
        whole = asking(session).whole
        assert whole is not None
        assert len(whole.parts) == 4

    @pytest.mark.parametrize("name", ASKED)
    def test_the_value_of_each_part_of_any_program_is_right(self, name: str) -> None:
        session = Session(program_file(name))
        session.do("ask", "type")
        led = 0
        for _ in session.timeline.program.steps:
            session.do("next")
            session.answer("12345.678")
            while (asked := asking(session)).whole is not None:
                led += 1
                found = Explanation(
                    session.provenance, asked.asked.place, session.write, part=asked.asked.part
                )
                session.answer(str(found.recorded))
                now = asking(session).whole or asking(session)
                assert now.parts_over == asked.whole.parts_over + 1
                assert asking(session).said.endswith("is correct.")
            session.do("next")
        assert led >= len(session.timeline.program.steps) / 2


class TestWhatCounts:
    def test_a_full_answer_counts_most(self) -> None:
        session = at("dA1")
        session.answer("0.0364")
        assert score(session).sentence() == "1 of 1 correct, all at the first try."

    @pytest.mark.parametrize(
        ("help_", "typed", "counts", "said"),
        [
            ("hint", "0.0364", Helped.HINT, "1 with a hint"),
            ("", "+", Helped.SIGN, "1 by its sign"),
        ],
    )
    def test_a_hint_or_a_sign_alone_counts_less(
        self, help_: str, typed: str, counts: Helped, said: str
    ) -> None:
        session = at("dZ1")
        if help_:
            session.do(help_)
            typed = session.write(session.provenance.number(asking(session).asked.place))
        session.answer(typed)
        (answered,) = score(session).answered
        assert answered.outcome is QuestionOutcome.RIGHT
        assert answered.helped is counts
        told = f"1 of 1 correct, 0 at the first try without help, {said}."
        assert score(session).sentence() == told

    def test_parts_are_help_too(self) -> None:
        session = at("Z1")
        for typed in ("5", "0.0075", "0.02", "0.3775"):
            session.answer(typed)
        assert score(session).answered[0].helped is Helped.PARTS
        assert score(session).is_due("Z")

    def test_the_record_says_so(self, tmp_path: Path) -> None:
        session = at("Z1")
        session.record = Record(str(tmp_path / "answers.csv"))
        for typed in ("5", "0.0075", "0.02", "0.3775"):
            session.answer(typed)
        with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [(r["cell"], r["verdict"], r["help"]) for r in rows] == [
            ("Z1[1,1]", "wrong", ""),
            ("W1[1,1] · X[1,1]", "right", ""),
            ("W1[1,2] · X[2,1]", "right", ""),
            ("Z1[1,1]", "right", "part by part"),
        ]

    def test_a_record_that_was_begun_without_it_goes_on_without_it(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.csv"
        path.write_text(",".join(BEFORE_HELP) + "\n", encoding="utf-8")
        session = at("dA1")
        session.record = Record(str(path))
        session.answer("0.0364")
        with path.open(encoding="utf-8", newline="") as file:
            head, line = csv.reader(file)
        assert tuple(head) == COLUMNS[:-1]
        assert len(line) == len(head)

    def test_programs_that_begin_a_record_together_give_it_one_first_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "answers.csv"

        def begun_meanwhile(found: str) -> bool:
            monkeypatch.undo()
            Record(found)
            return False

        monkeypatch.setattr("os.path.exists", begun_meanwhile)
        Record(str(path))
        assert path.read_text("utf-8") == ",".join(COLUMNS) + "\n"

    def test_only_a_record_is_added_to_on_a_line_of_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.csv"
        path.write_text("a,b\n1,2\n", encoding="utf-8")
        with pytest.raises(SaveError, match="is no record of answers: name another"):
            Record(str(path))
        assert path.read_text("utf-8") == "a,b\n1,2\n"
        with pytest.raises(SaveError, match="there is no folder"):
            Record(str(tmp_path / "none" / "answers.csv"))
        path.write_text(",".join(COLUMNS) + "\n2026-01-01,half a li", encoding="utf-8")
        session = at("dA1")
        session.record = Record(str(path))
        session.answer("0.0364")
        assert path.read_text("utf-8").splitlines()[1] == "2026-01-01,half a li"

    @pytest.mark.parametrize("typed", [["0.0364"], ["0.5"], ["0.5"] * 3])
    def test_a_record_that_is_removed_is_not_begun_anew_in_its_middle_and_that_is_told(
        self, typed: list[str], tmp_path: Path
    ) -> None:
        path, session = tmp_path / "answers.csv", at("dA1")
        *first, last = typed
        for answer in first:
            session.answer(answer)
        session.record = Record(str(path))
        path.unlink()
        session.answer(last)
        assert not path.exists()
        told = session.message or asking(session).closing
        assert told == "The record ends here: No such file or directory."


def test_a_talk_takes_no_vote_and_opens_no_field() -> None:
    session = at("dW2", "article", "lesson")
    assert asking(session).asked.form == "talk"
    for key, character in (("1", "1"), ("enter", None)):
        session.key(key, character)
        assert session.message == "This one is answered in words: next shows it."
        assert session.prompt is None


class TestWhatWasTyped:
    def test_pageup_in_the_field_goes_back_and_leaves_the_question(self) -> None:
        session = at("dA1")
        position = session.position
        session.key("pageup")
        assert session.position == session.timeline.back(position)
        assert (session.prompt, session.asking) == (None, None)

    def test_what_is_not_sent_is_not_lost_when_the_answer_shows(self) -> None:
        session = at("dA1")
        for key, character in (*((c, c) for c in "0.1"), ("pagedown", None)):
            session.key(key, character)
        assert asking(session).outcome is QuestionOutcome.SEEN
        assert asking(session).typed == "0.1"


def test_the_example_that_is_asked_about_is_the_lit_one() -> None:
    session = Session(load("xor"))
    seen = set()
    for _ in range(60):
        session.key("space", " ")
        asking, view = session.asking, session.view
        if asking is None or not asking.asks_for_a_cell:
            continue
        if asking.cell.symbol in view.program.per_example:
            assert view.column == asking.cell.column - 1
            seen.add(view.column)
    assert seen - {0}  # another than the one lit before


def test_a_key_that_is_rehearsed_is_not_pressed(tmp_path: Path) -> None:
    """It ends a question in the rehearsal, and not here: not in the teacher's record, either."""
    session = at("dA1")
    path = tmp_path / "answers.csv"
    session.record = Record(str(path))
    asking, position, written = session.asking, session.position, path.read_text("utf-8")
    after = session.rehearsed("space", " ")
    assert after is not None
    assert after.asking is not None
    assert not after.asking.is_open
    assert (session.asking, session.position) == (asking, position)
    assert path.read_text("utf-8") == written
