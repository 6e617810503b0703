"""What opens over the stepper is closed once, however many keys come in one burst."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key

from tests.tui.driver import CHARACTERS, Driver, stepping


def burst(driver: Driver, *keys: str) -> None:
    """Keys with no time between them."""
    for key in keys:
        character = CHARACTERS.get(key, key if len(key) == 1 else None)
        driver.app.post_message(Key(key, character))


@pytest.mark.parametrize(
    ("opens", "keys"),
    [
        ("b", "xxxx"),
        ("m", ("enter", "enter")),
        ("o", ("enter", "escape")),
        ("f1", ("escape", "escape")),
    ],
)
async def test_a_burst_closes_it_once(opens: str, keys: tuple[str, ...]) -> None:
    async with stepping("article") as driver:
        await driver.press(opens)
        burst(driver, *keys)
        await driver.until(lambda: driver.screen is driver.session)
        await driver.press("space")
        assert driver.app.is_running


TICKS = pytest.mark.parametrize("ticks", [0, 1, 2, 3, 5, 8])
"""Turns of the event loop between two keys: one falls into every part of what the first opens."""


@TICKS
@pytest.mark.parametrize("then", ["pageup", "pagedown", "ctrl+end", "down", "enter"])
@pytest.mark.parametrize("opens", ["colon", "o", "m"])
async def test_a_list_hears_keys_before_it_is_there(opens: str, then: str, ticks: int) -> None:
    async with stepping("mazur") as driver:
        burst(driver, opens)
        for _ in range(ticks):
            await asyncio.sleep(0)
        burst(driver, then)
        await driver.settled()
        await driver.press("escape")
        await driver.until(lambda: driver.screen is driver.session)


@TICKS
@pytest.mark.parametrize("then", ["backspace", "escape", "enter", "space"])
async def test_an_answers_field_is_left_before_it_is_there(then: str, ticks: int) -> None:
    async with stepping("mazur") as driver:
        await driver.press("a", "space")
        burst(driver, "enter")
        for _ in range(ticks):
            await asyncio.sleep(0)
        burst(driver, then)
        await driver.settled()
        assert driver.app.is_running
