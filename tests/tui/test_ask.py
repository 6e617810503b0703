"""Asking: announced, answered by vote or typed, then revealed; nothing is told too early."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from backprop_tui.exports.record import COLUMNS, Record
from backprop_tui.files.experiment_file import load
from backprop_tui.learn.questions import QuestionOutcome, Score
from backprop_tui.model.notes import Question
from backprop_tui.run.timeline import Position
from tests.tui.driver import HUGE, SMALL, WIDE, Driver, stepping

TO_DA1 = ("d", "p", "p", "g", *"dA1", "enter", "backspace")
"""With four decimals, to the step before dA1 of the first iteration."""


async def vote(driver: Driver) -> None:
    """By vote, at every step."""
    await driver.press("a")
    assert driver.session.mode == "vote"


def choice(driver: Driver, label: str = "") -> str:
    """The key of the choice with that label; without one of the right choice."""
    assert driver.session.asking is not None
    labels = [each.label for each in driver.session.asking.choices]
    return str(labels.index(label) + 1)


async def typed(driver: Driver) -> None:
    await vote(driver)
    await driver.press("a")
    assert driver.session.mode == "type"


def score(driver: Driver) -> Score:
    assert driver.session.score is not None
    return driver.session.score


async def answer(driver: Driver, text: str) -> None:
    await driver.press(*text, "enter")


class TestAnnouncing:
    @pytest.mark.parametrize("size", [SMALL, WIDE, HUGE], ids=str)
    async def test_a_step_is_two_presses_and_nothing_of_it_is_told(
        self, size: tuple[int, int]
    ) -> None:
        async with stepping("mazur", size) as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            assert driver.position == Position(1, 9)
            assert driver.cell("gradients", "dA1") == "?"
            assert driver.cell("gradients", "dA1", 2) == "·"
            assert "[dA1]?   ?   ?   " in driver.text("rail")
            assert "step 10 of 15" in driver.text("title")
            assert "dA1[1,1] = ?" in driver.text("step")
            assert "W2ᵀ" not in driver.text("step")
            assert "dZ1" not in driver.text("rail")
            await driver.press("space")
            assert driver.position == Position(1, 10)
            assert driver.cell("gradients", "dA1") == "0.0364"
            assert "dA1 = W2ᵀ · dZ2" in driver.text("step")
            assert "correct" in driver.text("step")

    async def test_what_it_reads_is_marked_only_after_a_hint(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            assert "•" not in driver.text("cache") + driver.text("gradients")
            await driver.press("question_mark")
            assert "Hint: dA1 = W2ᵀ · dZ2" in driver.text("step")
            await driver.press("question_mark")
            assert "0.4000 × 0.1385 + 0.5000 × −0.0381" in driver.text("step")
            hint = driver.text("step").split("Hint")[1]
            assert "0.0364" not in hint
            await driver.press("question_mark")
            assert driver.kind == "help"

    async def test_back_withdraws_the_question(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            before = driver.paintings()
            await vote(driver)
            await driver.press("space", "backspace")
            assert driver.session.asking is None
            assert driver.position == Position(1, 8)
            await driver.press("n", "n")
            assert driver.position == Position(1, 9)
            await driver.press("a", "a", "backspace", "space")
            assert driver.paintings() == before

    async def test_the_next_iteration_is_announced_too(self) -> None:
        async with stepping("neuron") as driver:
            await driver.press("p", "p", "p", "p")
            end = driver.position
            driver.session.mode = "vote"
            await driver.press("space")
            assert "iteration 2" in driver.text("title")
            assert driver.cell("cache", "Z1") == "?"
            await driver.press("backspace")
            assert driver.position == end

    async def test_the_loss_is_asked_for_in_the_title(self) -> None:
        async with stepping("article") as driver:
            driver.session.mode = "vote"
            await driver.press("p", "space")
            assert "L ?" in driver.text("title")

    async def test_the_update_is_asked_for_on_the_board(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press("p", "p", "p")
            driver.session.mode = "vote"
            await driver.press("space")
            assert "?" in driver.text("update")

    async def test_other_moves_leave_the_question(self) -> None:
        async with stepping("mazur") as driver:
            driver.session.mode = "vote"
            for key in ("p", "i", "s", "P", "I", "home"):
                await driver.press("space")
                assert driver.session.asking is not None
                await driver.press(key)
                assert driver.session.asking is None
            assert score(driver).answered == ()


class TestVoting:
    async def test_a_right_vote_reveals(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            right = choice(driver)
            await driver.press(right)
            assert driver.position.steps == 10
            assert f"✓{right})" in driver.text("step")
            assert score(driver).at_first == 1

    async def test_a_wrong_vote_says_why_and_stays(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            wrong = choice(driver, "without the ᵀ")
            await driver.press(wrong)
            assert driver.position.steps == 9
            assert "0.0383 is not correct. Chain rule: L uses A1" in driver.text("step")
            assert "Look at W2 and dZ2." in driver.text("step")
            assert "second try" in driver.text("step")
            await driver.press(choice(driver, "from one path only"))
            assert "is what you get from one path only." in driver.text("step")
            await driver.press(choice(driver))
            assert score(driver).answered[0].misses == 2
            assert "at try 3" in driver.text("step") or f"✗{wrong})" in driver.text("step")

    async def test_the_third_miss_reveals_and_lights_the_term(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            misses = {"1", "2", "3", "4"} - {choice(driver), choice(driver, "from one path only")}
            await driver.press(*misses)
            assert "W2ᵀ" not in driver.text("step")
            await driver.press(choice(driver, "from one path only"))
            assert driver.position.steps == 10
            assert score(driver).answered[0].outcome is QuestionOutcome.MISSED
            assert "one path only" in driver.text("step")
            assert "▸ W2[2,1] · dZ2[2,1] = −0.0190" in driver.text("step")  # which was left out
            assert driver.text("cache").count("•") == 1  # W2[1,1], the one path that was taken

    async def test_what_nobody_answered_is_seen_and_not_wrong(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("pagedown", "pagedown")
            (only,) = score(driver).answered
            assert (only.outcome, only.misses) == (QuestionOutcome.SEEN, 0)

    async def test_digits_do_nothing_else(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press("2")
            assert "No question is open: a turns questions on." in driver.text("title")
            driver.session.mode = "vote"
            await driver.press("2")
            assert "No question is open at this step." in driver.text("title")

    async def test_another_cell_may_be_asked_for(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space", "tab", "down", "enter")
            assert driver.cell("gradients", "dA1", 2).strip("]").endswith("?")
            assert "dA1[2,1] = ?" in driver.text("step")


class TestTyping:
    async def test_the_field_opens_and_a_right_answer_goes_on(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space")
            assert driver.kind == "answer"
            await answer(driver, "0,0364")
            assert "✓ 0,0364 is correct, at the first try" in driver.text("step")
            assert driver.position.steps == 10

    async def test_three_misses(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space")
            await answer(driver, "0.0554")
            assert "Look at W2 and dZ2." in driver.text("step")
            await answer(driver, "-0.0364")
            assert "sign flipped" in driver.text("step")
            await answer(driver, "7")
            assert driver.position.steps == 10
            assert score(driver).missed == ("dA",)

    async def test_what_is_no_number_stays_to_be_mended(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space")
            await answer(driver, "what")
            assert driver.line == "what"
            assert driver.session.asking
            assert driver.session.asking.misses == 0

    async def test_help_a_resize_and_another_cell_lose_nothing(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", *"0.03", "f1")
            assert driver.kind == "help"
            await driver.press("escape")
            await driver.resize(120, 40)
            await driver.click("cache", 30, 3)
            assert driver.line == "0.03"
            assert driver.kind == "answer"
            await driver.press(*"64", "enter")
            assert driver.position.steps == 10

    async def test_page_down_shows_it_from_the_open_field(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", *"0.1", "pagedown")
            assert driver.position.steps == 10
            assert score(driver).missed == ()

            assert "You typed 0.1." in driver.text("step")

    async def test_a_number_without_a_name_leads_into_the_parts_of_the_step(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", *"5", "enter")
            assert "First: W2[1,1] · dZ2[1,1] = ?" in driver.text("step")
            assert "part 1 of 2" in driver.text("step")
            await answer(driver, "0.0554")
            assert "✓ 0.0554 is correct." in driver.text("step")
            assert "W2[1,1] · dZ2[1,1] = 0.0554" in driver.text("step")
            assert "Next: W2[2,1] · dZ2[2,1] = ?" in driver.text("step")
            await answer(driver, "-0.019")
            assert "Now dA1[1,1] = 0.0554 − 0.0190 = ?" in driver.text("step")
            await answer(driver, "0.0364")
            assert "at try 2, part by part" in driver.text("step")

    async def test_escape_leaves_the_parts_and_space_shows_the_step(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", *"5", "enter", *"0.1", "escape")
            assert "dA1[1,1] = ?" in driver.text("step")
            assert "First" not in driver.text("step")
            await driver.press("space")
            assert driver.position.steps == 10
            assert driver.session.mode == "type"

    async def test_space_shows_it_while_the_field_is_empty(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", "space")
            assert driver.position.steps == 10

    async def test_up_and_down_are_answers(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press("i")
            await driver.press("home", "p", "p", "p", "a", "a", "space", "down", "enter")
            assert "It gets smaller" in driver.text("step")

    async def test_escape_leaves_the_field_then_the_question(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space", *"0.03", "escape")
            assert driver.session.asking
            await driver.press("enter")
            assert driver.line == "0.03"
            await driver.press("escape", "escape")
            assert driver.session.asking is None
            assert "No more questions" in driver.text("title")

    async def test_a_vote_may_be_typed_instead(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space", "enter")
            await answer(driver, "0.0364")
            assert score(driver).right == 1


class TestLessons:
    async def test_a_lesson_asks_its_own_questions_by_itself(self) -> None:
        async with stepping("mazur", asks=True) as driver:
            own = {q.step for q in driver.session.timeline.experiment.questions}
            asked = set()
            for _ in range(40):
                await driver.press("pagedown")
                asking = driver.session.asking
                if asking and asking.is_open:
                    asked.add(asking.asked.step.symbol)
                if driver.position == Position(1, 15):
                    break
            assert asked == own

    async def test_what_was_missed_is_asked_again(self) -> None:
        async with stepping("mazur", asks=True) as driver:
            await driver.press("p", "p", "space", "space", "space")  # dW2 is asked for
            asking = driver.session.asking
            assert asking
            wrong = next(k for k, c in enumerate(asking.choices, 1) if not c.right)
            await driver.press(str(wrong), "pagedown")
            seen = []
            for _ in range(12):
                await driver.press("pagedown")
                asking = driver.session.asking
                if asking and asking.is_open and asking.again:
                    seen.append(asking.asked.step.symbol)
            assert "dW1" in seen

    async def test_the_last_question_closes_with_the_score_and_the_next_lesson(self) -> None:
        async with stepping("mazur", asks=True) as driver:
            for _ in range(22):
                asking = driver.session.asking
                digits = (
                    [str(k) for k, c in enumerate(asking.choices, 1) if c.right] if asking else []
                )
                voting = asking is not None and asking.is_open and digits
                await driver.press(digits[0] if voting else "pagedown")
                if driver.session.asking and driver.session.asking.closing:
                    break
            assert "Next lesson: too-large (o opens it)" in driver.text("step")
            assert "2 of 2 correct, all at the first try." in driver.text("step")

    async def test_a_part_that_is_shown_is_not_called_wrong(self) -> None:
        async with stepping("article", asks=True) as driver:
            await driver.press("a", "a", "g", *"Z1", "enter", "space")
            for wrong in ("2", "1.5", "0.3"):
                await driver.press(*wrong, "enter")
            assert "~ exp(−Z1[1,1]) = exp(−1.500) = 0.223." in driver.text("step")
            await driver.press("pagedown")
            assert "exp(−Z1[1,1]) = 0.223" in driver.text("step")
            assert "✗" not in driver.text("step")

    async def test_two_questions_at_a_step_are_asked_one_after_the_other(self) -> None:
        own = (
            Question("dA1", 1, "vote", "The first?", cell=(1, 1)),
            Question("dA1", 1, "talk", "The second?", "So it is."),
        )
        async with stepping(replace(load("mazur"), questions=own), asks=True) as driver:
            await driver.press(*TO_DA1, "space")
            assert "The first?" in driver.text("step")
            await driver.press("space")
            assert "The second?" in driver.text("step")
            assert driver.position.steps == 9
            await driver.press("space")
            assert "So it is." in driver.text("step")
            assert driver.position.steps == 10

    async def test_in_a_lesson_the_other_keys_stay_what_they_are_until_enter(self) -> None:
        async with stepping("neuron", asks=True) as driver:
            await driver.press("g", *"dW1", "enter", "backspace", "space")
            assert driver.session.asking
            assert driver.session.asking.asked.form == "number"
            await driver.press("full_stop")
            assert driver.kind == "cover"
            await driver.press("space", "enter", *"0.45", "enter")
            assert "✓ 0.45 is correct" in driver.text("step") or driver.position.steps == 6


class TestTheRecord:
    async def test_every_answer_is_a_line(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.csv"
        async with stepping("mazur") as driver:
            driver.session.record = Record(str(path))
            await driver.press(*TO_DA1)
            await typed(driver)
            await driver.press("space")
            await answer(driver, "0.0383")
            await answer(driver, "=1")
            await driver.press("backspace", "backspace")
            await answer(driver, "0.0364")
            await driver.press("pagedown", "pagedown")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == list(COLUMNS)
        assert [(r["cell"], r["answer"], r["verdict"], r["try"]) for r in rows] == [
            ("dA1[1,1]", "0.0383", "wrong", "1"),
            ("dA1[1,1]", "'=1", "unreadable", "2"),
            ("dA1[1,1]", "0.0364", "right", "2"),
            ("dZ1[1,1]", "", "seen", "1"),
        ]
        assert rows[0]["mistakes"] == "transpose-forgotten"

    async def test_quitting_says_the_score(self) -> None:
        async with stepping("mazur") as driver:
            await driver.press(*TO_DA1)
            await vote(driver)
            await driver.press("space")
            await driver.press(choice(driver), "q")
        assert driver.app.return_value
        assert driver.app.return_value.startswith("1 of 1 correct, all at the first try.")


class TestFormulas:
    """A question that wants the formula of the whole step."""

    AT = ("g", *"dZ2", "enter", "backspace", "space", "enter")

    async def test_a_right_one_in_any_spelling(self) -> None:
        async with stepping("ai-by-hand", asks=True) as driver:
            await driver.press(*self.AT)
            assert "dZ2 = ?" in driver.text("step")
            await answer(driver, "g2'(Z2)*dA2")
            assert "is correct, at the first try" in driver.text("step")
            assert score(driver).right == 1

    async def test_a_wrong_one_names_its_mistake(self) -> None:
        async with stepping("ai-by-hand", asks=True) as driver:
            await driver.press(*self.AT)
            await answer(driver, "dA2")
            assert "ReLU's derivative is left out" in driver.text("step")
            assert "relu′" not in driver.text("step")
            await answer(driver, "dA2@Z2")
            assert "It must come out as 4×2" not in driver.text("step").split("Hint")[0]
            assert "dZ2 = dA2 ∘" not in driver.text("step")

    async def test_what_cannot_be_read_is_no_miss(self) -> None:
        async with stepping("ai-by-hand", asks=True) as driver:
            await driver.press(*self.AT)
            await answer(driver, "dA2*(")
            assert driver.session.asking
            assert driver.session.asking.misses == 0
