"""What opens over the stepper is closed once, however many keys come in one burst."""

from __future__ import annotations

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
        await driver.until(lambda: driver.screen is driver.stepper)
        await driver.press("space")
        assert driver.app.is_running
