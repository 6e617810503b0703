"""Presenting: a panel over the whole screen, and numbers that wait until they are asked for."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.tui.driver import HUGE, SMALL, stepping

FIGURE = re.compile(r"\d\.\d")


@pytest.mark.parametrize(("size", "apart"), [(SMALL, 2), (HUGE, 2)], ids=str)
async def test_a_zoomed_board_spreads_its_rows(size: tuple[int, int], apart: int) -> None:
    async with stepping("article", size) as driver:
        await driver.press("p")
        close = driver.text("cache").splitlines()
        await driver.press("z")
        lines = driver.text("cache").splitlines()
        rows = [y for y, line in enumerate(lines) if FIGURE.search(line)]
        assert len(rows) == 4  # three of layer 1, one of layer 2
        assert [b - a for a, b in pairwise(rows[:3])] == [apart, apart]
        numbers = FIGURE.findall("".join(lines))
        assert numbers == FIGURE.findall("".join(close))  # all of them are there
        assert len(lines[rows[0]]) <= 60  # and beside each other as everywhere


async def test_a_click_between_the_rows_of_a_zoomed_board_leads_nowhere() -> None:
    async with stepping() as driver:
        await driver.press("p", "z")
        await driver.click("cache", 13, 3)
        assert driver.session.inspection.place is None
        await driver.click("cache", 13, 4)
        assert driver.session.inspection.place is not None


async def test_h_covers_the_numbers_of_the_chosen_panel_until_it_is_pressed_again() -> None:
    async with stepping() as driver:
        await driver.press("p", "p")
        before = driver.paintings()
        await driver.press("h")
        covered = driver.text("cache")
        assert "numbers hidden, h shows" in covered
        assert not FIGURE.search(covered)
        assert "▒▒▒▒▒" in covered
        assert {"X", "W1", "b1", "Z1", "A1", "Y"} <= set(covered.split())
        assert FIGURE.search(driver.text("network"))  # another panel's stay
        await driver.press("space", "space")
        assert "▒" in driver.text("cache")
        assert "▒" not in driver.text("gradients")
        await driver.press("backspace", "backspace", "h")
        assert driver.paintings() == before


async def test_each_panel_can_be_covered() -> None:
    async with stepping("mazur") as driver:
        await driver.press("p", "p", "space", "space", "space")
        for panel in ("network", "gradients", "step"):
            driver.session.chosen = panel
            await driver.press("h")
            assert "h shows" in driver.text(panel).splitlines()[0]
            assert not FIGURE.search(driver.text(panel))
            assert "▒" in driver.text(panel)
        assert "dW2" in driver.text("step")  # formulas stay
        driver.session.chosen = "cache"  # in whose place the update stands
        await driver.press("p", "p", "h")
        assert "h shows" in driver.text("update").splitlines()[0]
        assert not FIGURE.search("\n".join(driver.text("update").splitlines()[1:]))


async def test_a_sign_does_not_show_by_its_width() -> None:
    async with stepping() as driver:
        await driver.press("p", "h")
        shown = {len(word) for word in re.findall("▒+", driver.text("cache"))}
        assert shown == {len("0.000")}


async def test_a_sign_does_not_show_by_where_the_mark_stands() -> None:
    async with stepping() as driver:
        await driver.press("p", "p", *["space"] * 5, "h")  # dA1 reads W2 of both signs
        reads = [line for line in driver.text("cache").splitlines() if "•" in line]
        assert reads
        assert all("•▒" in line and "• " not in line for line in reads)


async def test_the_step_keeps_what_its_board_covers() -> None:
    async with stepping() as driver:
        await driver.press("p", "h")  # the cache, where A2 stands
        assert "numbers hidden, h shows" in driver.text("step")
        assert not FIGURE.search(driver.text("step"))
        assert "A2[1,1] = σ(Z2[1,1])" in driver.text("step")
        await driver.press("backspace")  # Z2, from numbers of both signs
        assert set(re.findall("[−(]?▒+", driver.text("step"))) == {5 * "▒"}
        await driver.press("space")
        await driver.press("p", "p")  # L, then db1, which stands on the other board
        assert "hidden" not in driver.text("step")
        assert FIGURE.search(driver.text("step"))
        await driver.press("P", "P", "h")
        assert "▒" not in driver.text("step")
