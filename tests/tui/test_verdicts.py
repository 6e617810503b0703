"""The gradient check between keys: it is left as soon as nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from backprop_tui.explain import gradient_check
from backprop_tui.explain.gradient_check import (
    SAMPLE,
    CellCheck,
    check_cells,
    check_gradient,
    checked,
)
from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Timeline
from tests.tui.driver import stepping


class Endless:
    """A gradient check of ever more cells, until it is left."""

    def __init__(self) -> None:
        self.cells, self.ended = 0, False

    def __call__(self, *args: Any) -> Iterator[CellCheck]:
        try:
            for cell in cycle(list(check_cells(*args))):
                self.cells += 1
                yield cell
        finally:
            self.ended = True


def test_a_number_at_a_time_comes_to_the_same() -> None:
    timeline = Timeline(load("article"))
    program, iteration = timeline.program, timeline.iteration(3)
    for symbol in ("dW1", "dZ2"):
        *waiting, found = checked(program, iteration, symbol)
        assert found == check_gradient(program, iteration, symbol, SAMPLE)
        assert set(waiting) == {None}


async def test_keys_are_heard_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    async with stepping() as driver:
        await driver.press(*["space"] * 5)
        monkeypatch.setattr(gradient_check, "check_cells", endless)
        await driver.press("space")
        driver.app._rested()
        await driver.until(lambda: endless.cells > 1000)
        driver.send("home")
        await driver.until(lambda: endless.ended)
        assert driver.position.steps == 0


async def test_quitting_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    async with stepping() as driver:
        await driver.press(*["space"] * 5)
        monkeypatch.setattr(gradient_check, "check_cells", endless)
        await driver.press("space")
        driver.app._rested()
        await driver.until(lambda: endless.cells)
        driver.send("q")
        await driver.until(lambda: not driver.app.is_running)


async def test_closing_the_sheet_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    async with stepping() as driver:
        await driver.press(*["space"] * 6)
        await driver.rest()
        assert "dA2" in driver.session.verdicts[1]
        monkeypatch.setattr(gradient_check, "check_cells", endless)
        driver.send("c")
        await driver.until(lambda: endless.cells)
        driver.send("escape")
        await driver.until(lambda: endless.ended)
