"""Served to a browser: lessons may be opened, but no file of this machine is read or written."""

from __future__ import annotations

from textual.widgets import Input, OptionList

from backprop_tui import lessons
from backprop_tui.files.experiment_file import load
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.screens.opener import Opener
from backprop_tui.tui.serving import served
from tests.tui.driver import SMALL, Driver


async def test_the_opener_lists_lessons_and_has_no_field_for_a_path() -> None:
    app = BackpropApp(load("article"), served=True)
    async with app.run_test(size=SMALL) as pilot:
        driver = Driver(app, pilot)
        await driver.press("o")
        assert isinstance(driver.screen, Opener)
        assert not driver.screen.query(Input)
        options = driver.screen.query_one(OptionList)
        assert tuple(option.id for option in options.options) == lessons.NAMES
        await driver.press("down", "enter")
        assert driver.session.timeline.experiment.name == "one-input"


async def test_the_palette_saves_no_screenshot() -> None:
    for is_served in (False, True):
        app = BackpropApp(load("article"), served=is_served)
        async with app.run_test(size=SMALL):
            titles = {command.title for command in app.get_system_commands(app.stepper)}
            assert served(app) is is_served
            assert ("Screenshot" in titles) is not is_served
