"""The gradient check beside the screen: it is left as soon as nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import cycle
from threading import Event
from typing import Any

import pytest

from backprop_tui.explain.gradient_check import CellCheck, check_cells, check_gradient
from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Timeline
from backprop_tui.session.checks import SAMPLE, check_sample
from backprop_tui.tui import verdicts
from tests.tui.driver import PATIENCE, stepping


class Endless:
    """A gradient check of ever more cells, until it is left."""

    def __init__(self) -> None:
        self.begun, self.ended = Event(), Event()

    def __call__(self, *args: Any) -> Iterator[CellCheck]:
        try:
            for cell in cycle(list(check_cells(*args))):
                self.begun.set()
                yield cell
        finally:
            self.ended.set()


def test_a_number_at_a_time_comes_to_the_same() -> None:
    timeline = Timeline(load("article"))
    program, iteration = timeline.program, timeline.iteration(3)
    for symbol in ("dW1", "dZ2"):
        expected = check_gradient(program, iteration, symbol, SAMPLE)
        assert check_sample(program, iteration, symbol, lambda: False) == expected


async def test_quitting_ends_the_one_beside_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    async with stepping() as driver:
        await driver.press(*["space"] * 5)
        monkeypatch.setattr(verdicts, "check_cells", endless)
        await driver.pilot.press("space")
        await driver.until(endless.begun.is_set)
        await driver.pilot.press("q")
    assert await asyncio.to_thread(endless.ended.wait, PATIENCE)


@pytest.mark.parametrize("quits", [False, True], ids=["closed", "quit"])
async def test_so_it_is_with_the_sheet(quits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless()
    async with stepping() as driver:
        await driver.press(*["space"] * 6)
        await driver.until(lambda: "dA2" in driver.stepper.verdicts.get(1, {}))
        monkeypatch.setattr(verdicts, "check_cells", endless)
        await driver.pilot.press("c")
        await driver.until(endless.begun.is_set)
        if quits:
            driver.app.exit()
        else:
            await driver.pilot.press("escape")
            await driver.until(endless.ended.is_set)
    assert await asyncio.to_thread(endless.ended.wait, PATIENCE)
