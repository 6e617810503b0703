"""The plane on the screen: v leads to it, and it follows what is done to the run."""

from __future__ import annotations

from tests.tui.driver import HUGE, SMALL, WIDE, stepping


async def test_v_leads_to_the_plane_and_on_to_the_neurons() -> None:
    async with stepping("xor", SMALL) as driver:
        assert "Network" in driver.text("network")
        await driver.press("v", "v")
        assert "● 1  ○ 0" in driver.text("network")
        await driver.press("v")
        assert "Network" in driver.text("network")
    async with stepping("article", SMALL) as driver:  # three inputs
        await driver.press("v", "v")
        assert "●" in driver.text("network")


async def test_a_student_sees_xor_being_solved() -> None:
    async with stepping("xor", WIDE) as driver:
        await driver.press("space", "space", "space", "space")
        before = driver.text("network")
        assert "░ A2 > 0.5: nowhere" in before
        await driver.press("g", *"179", "enter")
        await driver.until(lambda: driver.position.iteration == 179)
        await driver.settle()
        after = driver.text("network")
        assert "░‹○›" not in after
        assert "░" in after
        assert "5.851·x1 − 5.395·x2 + 2.764 = 0" in after
        await driver.press("I")
        assert driver.text("network") != after
        await driver.press("i")
        assert driver.text("network") == after  # back and forth, to the letter


async def test_an_edited_weight_moves_its_line() -> None:
    async with stepping("xor", HUGE) as driver:
        await driver.press("space")
        assert "1  2.000·x1 − 2.600·x2 = 0" in driver.text("network")
        await driver.press("enter", "tab", "e")
        driver.session.close_all()
        driver.session.do("edit", "W1[1,1] = 1")
        await driver.drawn()
        assert "1  1.000·x1 − 2.600·x2 = 0" in driver.text("network")
        await driver.press("u")
        assert "1  2.000·x1 − 2.600·x2 = 0" in driver.text("network")


async def test_hidden_numbers_are_hidden_on_the_plane_too() -> None:
    async with stepping("xor", SMALL) as driver:
        await driver.press("v", "v", "space", "space", "space", "space")
        assert "0.175" in driver.text("network")
        driver.session.hidden.add("network")
        await driver.drawn()
        assert "0.175" not in driver.text("network")
