"""Large screens: what stands on them is near what it belongs to, and there is little emptiness."""

from __future__ import annotations

import re

import pytest
from textual.geometry import Size

from backprop_tui.session.prompts import Sheet
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.placed import Placed
from backprop_tui.tui.panels.boards import Board
from backprop_tui.tui.window import Window
from tests.tui.driver import SMALL, Driver, line_of, stepping

LARGE = [(111, 36), (120, 40), (142, 38), (167, 48), (200, 60), (300, 100)]
DONE = ("p", "p", "p")


def test_which_screens_are_large() -> None:
    assert all(Window(Size(*size)).roomy for size in LARGE)
    assert not Window(Size(*SMALL)).roomy
    assert not Window(Size(100, 30)).roomy


def placed(driver: Driver, board: str) -> dict[str, Placed]:
    panel = driver.panel(board)
    assert isinstance(panel, Board)
    assert panel.view is not None
    return {p.symbol: p for p in panel.placed(panel.view) if p.rows}


@pytest.mark.parametrize("lesson", ["neuron", "article", "mazur", "batch", "softmax"])
@pytest.mark.parametrize("size", LARGE, ids=str)
async def test_each_gradient_is_near_its_value_and_the_step_follows(
    lesson: str, size: tuple[int, int]
) -> None:
    async with stepping(lesson, size) as driver:
        await driver.press(*DONE)
        cache, gradients = driver.panel("cache").region, driver.panel("gradients").region
        values, slopes = placed(driver, "cache"), placed(driver, "gradients")
        assert len(values) > len(slopes) == 4 * len(driver.session.view.program.groups)
        assert (
            gradients.y - cache.y <= 3 * max(p.line(len(p.rows)) for p in values.values()) // 2 + 4
        )
        assert gradients.bottom == driver.panel("step").region.y
        assert gradients.x == cache.x
        for slope in slopes.values():
            value = values[slope.symbol.removeprefix("d")]
            assert (slope.right, slope.apart) == (value.right, value.apart)
            if lesson != "batch":  # of a batch, inputs and targets have lines of their own
                assert slope.top == value.top
        if lesson in ("article", "mazur"):
            assert all(p.apart > 1 for p in values.values())


async def test_of_layers_that_do_not_all_fit_those_near_the_step_are_shown() -> None:
    async with stepping("vanishing", (200, 60)) as driver:
        for step in range(24):
            await driver.press("space")
            title = driver.text("cache").splitlines()[0].split(" of 12")[0]
            first, last = map(int, title.removeprefix("─ Cache  layers ").split(" to "))
            assert first <= step // 2 + 1 <= last
            assert last - first >= 3
        assert f"▴ layers 1 to {first - 1}" in driver.text("cache")


async def test_a_tall_step_panel_has_lines_apart_and_the_losses_so_far() -> None:
    async with stepping("article", (200, 60)) as driver:
        await driver.press(*"iiiii", "space")
        lines = driver.text("step").splitlines()
        assert lines[1].startswith(" Z1 = W1·X + b1")
        assert not lines[2][:100].strip()
        assert "(3×1) = " in lines[3]
        assert "L over 5 iterations" in driver.text("step")
        assert curve(driver.panel("step").canvas) > 40
        await driver.press("home")
        assert re.search("1.026 +●", driver.text("step"))  # we stand at the first again
    async with stepping("article") as driver:
        await driver.press(*"iiiii", "space")
        assert "iterations" not in driver.text("step")


def curve(canvas: Canvas) -> int:
    """Characters of braille."""
    return sum(
        "\u2800" < char < "\u2900" for y in range(canvas.height) for char in line_of(canvas, y)
    )


@pytest.mark.parametrize(
    ("size", "across"), [((80, 24), 1), ((120, 40), 2), ((200, 60), 3)], ids=str
)
async def test_help_stands_in_columns_where_they_fit(size: tuple[int, int], across: int) -> None:
    async with stepping("article", size) as driver:
        await driver.press("question_mark")
        assert driver.kind == "help"
        sheet = driver.session.top
        assert isinstance(sheet, Sheet)
        last = driver.app.window.last_line(sheet, driver.session.view)
        assert (last == 0) == (across == 3)
        text = driver.everything()
        assert "Moving in time" in text
        assert ("The program" in text) == (across > 1)
