"""A deliberate mistake on the screen: chosen, said all the time, named at its step, taken back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from backprop_tui.files.experiment_file import load
from backprop_tui.learn.mistakes import CATALOGUE, Mistake
from backprop_tui.run.timeline import Position
from backprop_tui.session import changing
from backprop_tui.session.opening import way_back
from backprop_tui.session.prompts import Menu
from backprop_tui.session.session import Session
from backprop_tui.session.travel import known_losses
from backprop_tui.tui.panels.boards import Board
from backprop_tui.tui.panels.panel import Panel
from tests.tui.driver import Driver, stepping

UNASKED = replace(load("article"), questions=())
"""The lesson, without its own questions between the steps."""


def looks_of(driver: Driver, board: str, symbol: str) -> str:
    """The styles of a matrix's first number."""
    panel = driver.panel(board)
    assert isinstance(panel, Board)
    assert panel.view
    arrangement = panel.arrangement(panel.view)
    every = arrangement.cache if board == "cache" else arrangement.gradients
    placed = next(p for p in every if p.symbol == symbol)
    x, found = placed.left + placed.cell - 1, ""
    for text, style in panel.canvas.runs(placed.top + 1):
        if x < len(text):
            return style
        x -= len(text)
    return found


def choices(driver: Driver) -> Menu:
    """The list that is open."""
    top = driver.session.top
    assert isinstance(top, Menu)
    return top


async def choose(driver: Driver, name: str) -> None:
    """Open the list and take one."""
    await driver.press("m")
    assert driver.kind == "mistake"
    await driver.type(name)
    await driver.press("enter")


async def test_wrong_numbers_are_marked_when_the_right_run_has_come_there() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "sign-flipped")
        driver.session.go(Position(200, 3))
        driver.app.changed()  # as after a key: else nothing goes on with the run
        driver.app.draw()
        assert "~" not in driver.text("cache").partition("\n")[2]
        await driver.settle()
        assert "~" in driver.text("cache").partition("\n")[2]


async def test_a_mistake_is_said_all_the_time_and_the_position_stays() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("p", "p", "space", "space")
        right = driver.cell("gradients", "dZ2")
        await choose(driver, "sign-flipped")
        assert driver.position == Position(1, 7)
        await driver.press("tab", "escape")  # what the choice has said goes with the next key
        assert "✗ mistake: sign-flipped" in driver.text("title")
        step = driver.text("step")
        assert "this run  dZ2 = dA2 ∘ σ′(Z2) = Y − A2" in step
        assert "the chain rule is correct, ✗dA2 is not" in step
        assert "correct   dZ2 = dA2 ∘ σ′(Z2) = A2 − Y" in step
        assert driver.cell("gradients", "dZ2") != right
        assert "--mistake sign-flipped" in way_back(driver.session)
        await choose(driver, "none")
        assert "mistake" not in driver.text("title")
        assert driver.cell("gradients", "dZ2") == right


async def test_what_differs_from_the_right_run_is_marked_wrong() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("p", "p", "space", "space", "space")  # dA2, dZ2, dW2
        right = driver.cell("gradients", "dW2")
        await choose(driver, "sign-flipped")
        for symbol, sign, looks in (
            ("dW2", "~", "carried"),
            ("dZ2", "~", "carried"),
            ("dA2", "✗", "wrong"),
        ):
            assert driver.cell("gradients", symbol).startswith(sign)
            assert looks in looks_of(driver, "gradients", symbol)
        assert "✗ mistake enters  ~ carried on" in driver.text("cache")
        assert "✗dA2~dZ2[dW2]" in driver.text("rail")
        for symbol in ("W2", "A1", "Z2"):  # what went forward is as it should be
            assert not {"wrong", "carried"} & set(looks_of(driver, "cache", symbol).split())
        computed = driver.cell("gradients", "dW2").removeprefix("~")
        said = f"~ dW2[1,1]: computed {computed}, correct {right}"
        assert said in driver.text("step")
        assert "Carried on from dA2 (step 6), in which the mistake is made." in driver.text("step")
        assert "⏎ shows dA2[1,1]" in driver.text("step")
        await driver.press("enter")  # where the mistake enters
        assert "Why dA2[1,1] ‹ dW2[1,1]" in driver.text("step")
        assert "✗ dA2[1,1]: computed " in driver.text("step")
        assert "this run  dA2 = Y / A2 − (1 − Y) / (1 − A2)" in driver.text("step")
        await driver.press("escape")  # one number in hand: its panel says so, its mark stays
        assert said in driver.text("step")
        assert "▸" in driver.text("gradients")
        await driver.press("escape", "escape")
        await choose(driver, "none")
        assert "✗" not in driver.text("gradients")
        assert "~" not in driver.text("gradients")
        assert "right:" not in driver.text("step")


async def test_a_wrong_loss_and_wrong_parameters_are_marked_in_later_iterations() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "update-added")
        await driver.press("p", "p", "p")
        assert "✗" not in driver.text("gradients")
        await driver.press("i")
        assert driver.cell("cache", "W1").startswith("✗")
        assert driver.cell("gradients", "dW1").startswith("~")
        runs = driver.panel("title").canvas.runs(0)
        assert any(text.startswith("~L ") and style == "carried" for text, style in runs)


async def test_a_weight_updated_too_early_is_new_and_not_wrong() -> None:
    async with stepping("mazur") as driver:
        await driver.press("p", "p", *["space"] * 4)  # dA2 dZ2 dW2 db2
        await choose(driver, "updated-weights")
        await driver.press("space", "space")
        assert "new W2" in driver.text("cache")
        assert not driver.cell("cache", "W2").startswith(("✗", "~"))
        assert "db2✗W2[dA1]" in driver.text("rail")
        step = driver.text("step")
        assert "this run  dA1 = (new W2)ᵀ · dZ2" in step
        assert "✗ new W2 = W2 − α·dW2, computed in step 10" in step
        assert "correct   dA1 = (old W2)ᵀ · dZ2" in step
        await driver.press("p", "p")
        assert "new W2" not in driver.text("cache")


async def test_where_the_loss_falls_faster_with_a_mistake_it_says_why() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "derivative-left-out")
        await driver.press("i", "p", "p")
        step = " ".join(driver.text("step").split())
        assert "~ L[1,1]: computed 0.127, correct 0.673" in step
        assert "L is lower than the correct L because the updates are larger" in step


async def test_the_correct_formula_stays_where_there_is_little_room() -> None:
    async with stepping(UNASKED, size=(80, 20)) as driver:
        await driver.press("p", "p", "space", "space")
        await choose(driver, "derivative-left-out")
        step = driver.text("step")
        assert "this run  dZ2 = dA2" in step
        assert "correct   dZ2 = dA2 ∘ σ′(Z2)" in step


async def test_a_mistake_without_effect_says_so_in_the_list_and_all_the_time() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("space")
        await choose(driver, "bias-forgotten")
        await driver.press("backspace", "space")  # what was said of it is gone
        said = "the mistake changes nothing here: b1 and b2 are 0"
        for _ in range(16):
            assert said in driver.text("footer")
            await driver.press("space")
        assert driver.position == Position(1, 17)
        await driver.press("space")  # the biases have moved: now it changes something
        assert "changes nothing" not in driver.text("footer")
        await driver.press("home", "m")
        listed = driver.everything()
        assert re.search(r"bias-forgotten +changes nothing here: b1 and b2 are 0", listed)
        assert re.search(r"mean-forgotten +is not possible in this network", listed)
        await driver.press("home")  # the list is longer than its window
        listed = driver.everything()
        assert re.search(r"derivative-left-out +without multiplying by g′", listed)
        await driver.press("down")
        assert CATALOGUE[choices(driver).answer].sentence[:60] in driver.everything()


async def test_the_list_finds_nothing_anew_and_leaves_the_panels_behind_it_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Mistake.slips.cache_clear()
    async with stepping(UNASKED) as driver:
        await driver.press("space")
        await driver.rehearse()
        found, painted = Mistake.slips.cache_info().misses, list[str]()
        assert found == len(CATALOGUE)
        monkeypatch.setattr(Panel, "painted", lambda panel, *_: painted.append(panel.id))
        await driver.press("m")
        assert "Choose one mistake" in driver.everything()
        assert Mistake.slips.cache_info().misses == found
        assert painted == []


def test_what_a_key_breaks_off_is_found_when_there_is_time_again() -> None:
    Mistake.slips.cache_clear()
    session = Session(UNASKED)
    begun = changing.make_ready(session)
    next(begun)
    begun.close()
    for _ in changing.make_ready(session):
        pass
    assert Mistake.slips.cache_info().misses == len(CATALOGUE)


async def test_the_curve_shows_both_runs() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "update-added")
        await driver.press("p", "p", "p", *"iiii", "l")
        assert driver.kind == "curve"
        right, losses = driver.session.right, known_losses(driver.session)
        assert right is not None
        assert right.timeline.history.loss_of(losses.size) < losses[-1]
        assert "⠒ with the mistake   · right" in driver.everything()
        await driver.press("l")
        await choose(driver, "none")
        await driver.press("l")
        assert driver.session.right is None
        assert "with the mistake" not in driver.everything()


async def test_far_from_the_start_the_right_run_catches_up() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "sign-flipped")
        await driver.press("g", *"900", "enter")
        await driver.until(lambda: driver.position.iteration == 900)
        await driver.until(lambda: "✗" in driver.text("cache"))


async def test_the_gradient_check_differs_where_it_is_wrong() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("p", "p", "space", "space")
        await choose(driver, "sign-flipped")
        await driver.rest()
        assert "✗ gradient check, dZ2[1,1]: " in driver.text("step")


async def test_every_mistake_can_be_walked_through() -> None:
    async with stepping("ai-by-hand") as driver:
        for name in CATALOGUE:
            await choose(driver, name)
            await driver.press("p", "i", "enter", "escape", "escape")
            await driver.press("home")


async def test_the_first_cell_that_is_wrong_is_explained() -> None:
    async with stepping("mazur") as driver:
        await driver.press("p", "p", "space", "space", "space")
        assert "dW2[1,1] = " in driver.text("step")
        await choose(driver, "rows-and-columns-swapped")
        assert "dW2[1,2] = " in driver.text("step")  # the first one is the same in both runs
        assert "✗ dW2[1,2]: computed " in driver.text("step")


async def test_under_a_mistake_nothing_is_said_that_no_longer_holds() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("p", "p", "space", "space")
        reason, note = "prediction − target remains", "◆"
        assert reason in driver.text("step")
        assert note in driver.text("step")
        await choose(driver, "sign-flipped")
        assert reason not in driver.text("step")  # the slip is made here
        assert note not in driver.text("step")
        await driver.press("space")
        assert "W2[i,j] multiplies A1[j]" in driver.text("step")
        assert note not in driver.text("step")


async def test_weights_updated_early_are_listed_with_the_steps_they_stand_among() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("p", "p", *["space"] * 4)  # dA2 dZ2 dW2 db2
        await choose(driver, "updated-weights")
        await driver.press("space")
        assert "◀ BACKWARD dA2 dZ2 dW2 db2[W2]dA1 dZ1 dW1 db1   update" in driver.text("rail")
        assert "All gradients were computed before any parameter changed" not in driver.text("step")
        await driver.press("p", "space")
        assert "✓ backward  ▼ UPDATE[W1]b1 b2" in driver.text("rail")
        assert "Subtract α · dW1." in driver.text("step")
        assert "All gradients" not in driver.text("step")  # W2 was changed before dA1


async def test_a_long_mistake_is_named_whole_in_the_title() -> None:
    async with stepping(UNASKED) as driver:
        await choose(driver, "transpose-forgotten")
        await driver.press("tab", "escape")
        assert "✗ transpose-forgotten  " in driver.text("title")


async def test_mistakes_that_change_nothing_come_last_in_the_list() -> None:
    async with stepping(UNASKED) as driver:
        await driver.press("space", "m")
        idle = [entry.dim for entry in choices(driver).shown]
        assert True in idle
        assert idle == sorted(idle)
