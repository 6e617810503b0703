"""The mouse: a click does what keys do at the place that it points to, the wheel scrolls."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from backprop_tui.run.timeline import Position
from backprop_tui.session import looking
from backprop_tui.session.prompts import Menu
from backprop_tui.tui.panels.box import Box
from tests.networks import ARTICLE
from tests.tui.driver import SMALL, Driver, stepping
from tests.tui.test_window import LARGE


def wheel(driver: Driver, by: int, shift: bool = False) -> None:
    """Turn the wheel by a notch."""
    event = MouseScrollDown if by > 0 else MouseScrollUp
    driver.app.post_message(event(None, 1, 1, 0, by, 0, shift, False, False))


async def click_on(driver: Driver, panel: str, what: str) -> None:
    """Click on the first of these words in a panel."""
    lines = driver.text(panel).splitlines()
    y = next(y for y, line in enumerate(lines) if what in line)
    await driver.click(panel, lines[y].index(what) + 1, y)


async def test_a_number_is_explained() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press("space")
        await click_on(driver, "cache", driver.cell("cache", "Z1").strip())
        assert "Why Z1[1,1]" in driver.text("step").splitlines()[0]
        assert driver.position == Position(1, 1)


async def test_a_step_of_the_rail_is_gone_to() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press(*["space"] * 12)
        for name, steps in (("dZ2", 7), ("db1", 13)):
            await click_on(driver, "rail", name)
            assert driver.position == Position(1, steps)
        await driver.click("rail", 0, 0)  # no step
        assert driver.position == Position(1, 13)


async def test_an_entry_of_a_list_is_chosen() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press("o")
        (box,) = driver.screen.query(Box)
        top = driver.session.top
        assert isinstance(top, Menu)
        x, y = 8, next(y for y in range(box.size.height) if "mazur" in str(box.render_line(y).text))
        await driver.pilot.click(box, offset=(x, y))
        await driver.settle()
        assert driver.session.timeline.experiment.name == "mazur"
        assert driver.session.top is None


@pytest.mark.parametrize("key", ["o", "question_mark"])
async def test_what_is_open_is_closed_by_a_click_beside_it_and_not_by_one_on_its_frame(
    key: str,
) -> None:
    async with stepping(ARTICLE, (120, 40)) as driver:
        await driver.press(key)
        (box,) = driver.screen.query(Box)
        await driver.pilot.click(box, offset=(1, 0))
        await driver.settle()
        assert driver.session.top is not None
        await driver.pilot.click(offset=(0, 39))
        await driver.settle()
        assert driver.session.top is None
        assert driver.position == Position(1, 0)


async def test_a_panel_is_chosen() -> None:
    async with stepping(ARTICLE, (120, 40)) as driver:
        for panel in ("network", "step"):
            await driver.click(panel, 2, 2)
            assert driver.session.chosen == panel


async def test_the_wheel_scrolls_a_window_onto_weights_and_no_farther_than_they_go() -> None:
    async with stepping(LARGE[1], SMALL) as driver:
        await driver.press("space")
        for by, shift, place in ((1, False, (1, 0)), (1, True, (1, 1)), (-1, False, (0, 1))):
            wheel(driver, by, shift)
            await driver.settle()
            assert driver.session.scroll == {1: place}
        looking.scroll_window(driver.session, 500, sideways=False)
        assert driver.session.scroll == {1: (127, 1)}  # of 128 rows and 784 columns
        looking.scroll_window(driver.session, 5000, sideways=True)
        assert driver.session.scroll == {1: (127, 783)}


async def test_the_wheel_chooses_in_a_list() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press("o")
        wheel(driver, 1)
        await driver.settle()
        assert isinstance(driver.session.top, Menu)
        assert driver.session.top.chosen == 1
