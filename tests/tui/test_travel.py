"""Going far in time: the prompt of go-to, running by itself, and the loss curve."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Position
from backprop_tui.session.playing import SPEEDS
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.paint.losses import BLOCKS
from backprop_tui.tui.sheets.curve import heading
from tests.tui.driver import Driver, stepping


async def answer(driver: Driver, text: str) -> None:
    """Open the prompt, type, send."""
    await driver.press("g")
    await driver.type(text)
    await driver.press("enter")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("500", Position(500, 1)),
        ("+3", Position(4, 1)),
        ("dW1", Position(1, 12)),
        ("loss < 0.1", Position(13, 5)),
    ],
)
async def test_go_to_leads_there_and_closes(text: str, position: Position) -> None:
    async with stepping("article") as driver:
        await driver.press("space")
        await answer(driver, text)
        assert driver.position == position
        assert driver.kind == ""


async def test_a_far_place_behind_the_end_of_a_diverged_run_is_not_counted_to() -> None:
    wild = {"layers": "1,1", "activations": "linear", "loss": "half_squared_error"}
    experiment = load("article", {**wild, "x": "100000", "y": "1", "learning_rate": 1e200})
    async with stepping(experiment) as driver:
        for _ in range(2):
            await answer(driver, "1,000,000,000,000")
            assert driver.position.iteration < 10
            assert "The run diverges in iteration" in driver.text("title")
            assert driver.kind == ""
            await driver.press("home")


async def test_a_condition_that_was_found_is_said_in_the_footer_until_the_next_move() -> None:
    async with stepping("article") as driver:
        await answer(driver, "loss < 0.1")
        assert "L < 0.1 first holds in iteration 13" in driver.text("title")
        await driver.press("space")
        assert "first holds" not in driver.text("title")


@pytest.mark.parametrize("text", ["dW9 < 1", "0", "loss", "W1 · W2 < 1", ""])
async def test_a_wrong_answer_says_why_and_stays_to_be_mended(text: str) -> None:
    async with stepping("article") as driver:
        before = driver.position
        await answer(driver, text)
        assert driver.said.startswith("✗")
        assert driver.kind == "goto"
        assert driver.line == text
        assert driver.position == before


async def test_what_is_typed_moves_nothing_but_a_remote_still_steps() -> None:
    async with stepping("article") as driver:
        await driver.press("g", "n", "p", "i", "R", "q")
        assert driver.line == "npiRq"
        assert driver.position == Position()
        await driver.press("pagedown", "pagedown", "pageup")
        assert driver.position == Position(1, 1)
        await driver.press("escape")
        assert driver.kind == ""
        await driver.press("n")
        assert driver.position == Position(1, 2)


async def test_no_timer_that_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual skips one that does, and a busy machine would never come to the end of a jump."""
    monkeypatch.setattr(BackpropApp, "set_timer", lambda *_: None)
    async with stepping("article") as driver:
        await answer(driver, "3000")
        assert driver.position.iteration == 3000


async def test_a_search_can_be_left_and_what_was_there_stays() -> None:
    async with stepping("article") as driver:
        await driver.press("g")
        await driver.type("A2[1,1] > 2")
        driver.send("enter", "space", "space")
        await driver.until(lambda: "not by iteration" in driver.everything())
        assert "esc stops" in driver.everything()
        await driver.press("escape")
        assert driver.kind == ""
        assert driver.position == Position()
        await driver.press("space")
        assert driver.position == Position(1, 1)


async def test_going_far_and_back_is_exact() -> None:
    async with stepping("article") as driver:
        await driver.press("space", "space")
        before = driver.paintings()
        await answer(driver, "3000")
        assert driver.position == Position(3000, 2)
        await answer(driver, "1")
        assert driver.paintings() == before


async def test_it_runs_when_asked_and_a_step_key_only_pauses() -> None:
    async with stepping("article") as driver:
        driver.session.speed = len(SPEEDS) - 1
        await driver.press("r")
        assert SPEEDS[-1].label in driver.text("footer")
        await driver.until(lambda: driver.position.iteration > 1)
        await driver.press("space")
        paused = driver.position
        assert not driver.session.playing
        await driver.press("space")
        assert driver.position == driver.session.timeline.forward(paused)


async def test_faster_and_slower_stay_within_the_speeds() -> None:
    async with stepping("article") as driver:
        await driver.press(*["plus"] * (len(SPEEDS) + 2))
        assert driver.session.speed == len(SPEEDS) - 1
        await driver.press(*["minus"] * (len(SPEEDS) + 2))
        assert driver.session.speed == 0
        assert SPEEDS[0].label in driver.text("title")


async def test_the_loss_curve_shows_what_was_run_through() -> None:
    async with stepping("article") as driver:
        await driver.press("l")
        assert "No loss is known yet" in driver.text("title")
        await driver.press("p", "p", "l")
        assert "Only one loss so far (L 1.026). A curve needs two." in driver.text("title")
        await driver.press("home")
        await answer(driver, "200")
        await driver.press("l")
        assert driver.kind == "curve"
        assert "L over 199 iterations" in driver.everything()
        await driver.press("g")
        assert "log10 L" in driver.everything()
        await driver.press("e")
        assert "epoch" in driver.everything()
        await driver.press("l")
        assert driver.kind != "curve"


async def test_the_axis_of_the_loss_curve_is_named_anew() -> None:
    async with stepping("article") as driver:
        await answer(driver, "200")
        await driver.press("l")
        plain = driver.everything()
        await driver.press("g")
        assert "log10 L" in driver.everything()
        await driver.press("g")
        assert driver.everything() == plain


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([0.5], "L over 1 iteration  0.5000 in iteration 1, lowest 0.5000"),
        ([np.inf], "L over 1 iteration, none finite"),
        ([np.nan, np.inf], "L over 2 iterations, none finite"),
        ([0.5, 0.25, np.inf], "L over 3 iterations  0.5000 in iteration 1, lowest 0.2500"),
        ([], "L over 0 iterations"),
    ],
)
def test_what_the_loss_curve_says_of_losses(losses: list[float], said: str) -> None:
    values = np.array(losses)
    assert heading("L", "iteration", values, 1) == said


async def test_all_may_be_left_while_something_is_searched() -> None:
    async with stepping("article") as driver:
        await driver.press("g")
        await driver.type("A2[1,1] > 2")
        driver.send("enter")
        await driver.until(lambda: "not by iteration" in driver.everything())
        driver.app.exit()
    assert driver.session.job is not None


async def test_the_title_has_a_sparkline_of_the_losses() -> None:
    async with stepping("article") as driver:
        await answer(driver, "200")
        assert any(block in driver.text("title") for block in BLOCKS)


async def test_a_slip_of_the_finger_is_taken_back() -> None:
    """Keys that write nothing reach the field: its own first, then PgUp, PgDn and help."""
    async with stepping("article") as driver:
        await driver.press("g", *"122", "backspace", "left", "delete", "home", "delete", "end", "5")
        await driver.press("enter")
        assert driver.position.iteration == 5
