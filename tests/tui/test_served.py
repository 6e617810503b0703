"""Served to a browser: lessons may be opened, but no file of this machine is read or written."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pytest

from backprop_tui import lessons
from backprop_tui.files.experiment_file import load
from backprop_tui.session.prompts import Menu
from backprop_tui.tui.app import BackpropApp
from tests.tui.driver import Driver, driving, stepping


def served() -> AbstractAsyncContextManager[Driver]:
    """The app as a visitor has it."""
    return driving(BackpropApp(load("article"), served=True))


async def test_lessons_may_be_opened_and_no_path() -> None:
    async with served() as driver:
        await driver.press("o")
        top = driver.session.top
        assert isinstance(top, Menu)
        assert "path" not in top.title
        assert tuple(entry.id for entry in top.entries) == lessons.NAMES
        await driver.type("/etc/passwd")
        await driver.press("enter")
        assert "not possible in a browser" in driver.everything()
        await driver.type("")
        await driver.press("down", "down", "enter")
        assert driver.session.timeline.experiment.name == "one-input"


@pytest.mark.parametrize("command", ["save", "export as HTML"])
async def test_nothing_is_written(command: str) -> None:
    async with served() as driver:
        await driver.press("colon")
        await driver.type(command)
        await driver.press("enter")
        assert driver.kind == ""
        assert "not possible in a browser" in driver.text("title")


async def test_a_server_draws_nothing_ahead() -> None:
    async with served() as driver, stepping() as own:
        for each, ahead in ((driver, 0), (own, 2)):
            await each.press("space")
            await each.rehearse()
            assert len(each.app._rehearsals) == ahead
