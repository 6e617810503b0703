"""A deliberate mistake on the screen: chosen, said all the time, named at its step, taken back."""

from __future__ import annotations

from textual.widgets import OptionList

from backprop_tui.engine.mistakes import CATALOGUE
from backprop_tui.engine.timeline import Position
from backprop_tui.tui.screens.mistaker import Mistaker
from tests.tui.driver import Driver, stepping


async def choose(driver: Driver, name: str) -> None:
    """Open the list and take one."""
    await driver.press("m")
    assert isinstance(driver.screen, Mistaker)
    options = driver.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(name)
    await driver.press("enter")


async def test_a_mistake_is_said_all_the_time_and_the_position_stays() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p", "space", "space")
        right = driver.cell("gradients", "dZ2")
        await choose(driver, "sign-flipped")
        assert driver.position == Position(1, 7)
        assert "✗ mistake: sign-flipped" in driver.text("title")
        assert "✗ Mistaken: dZ2 is A2 − Y, not Y − A2" in driver.text("step")
        assert driver.cell("gradients", "dZ2") != right
        assert "--mistake sign-flipped" in driver.stepper.resume_command()
        await choose(driver, "none")
        assert "mistake" not in driver.text("title")
        assert driver.cell("gradients", "dZ2") == right


async def test_the_nudge_test_differs_where_it_is_wrong() -> None:
    async with stepping("article") as driver:
        await driver.press("p", "p", "space", "space")
        await choose(driver, "sign-flipped")
        await driver.until(lambda: "✗ nudge test" in driver.text("step"))


async def test_every_mistake_can_be_walked_through() -> None:
    async with stepping("ai-by-hand") as driver:
        for name in CATALOGUE:
            await choose(driver, name)
            for _ in range(3):
                await driver.press("p", "i", "enter", "escape", "escape")
            await driver.press("home")
