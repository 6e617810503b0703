"""The title: losses that can be told apart, and a sparkline that has room."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_tui.lessons import NAMES
from backprop_tui.maths.numbers import number
from backprop_tui.tui.paint.losses import BLOCKS
from backprop_tui.tui.panels.heading import MORE, beside_last
from tests.tui.driver import SMALL, WIDE, stepping

LOSSES = st.floats(0, 1e6)


@given(LOSSES, LOSSES, st.integers(0, 12))
def test_a_loss_is_told_from_the_last_one(now: float, last: float, decimals: int) -> None:
    """With a few digits more, or by the difference; equal ones look equal."""
    written, was = beside_last(now, last, decimals)
    assert (written == was) == (now == last)
    if " " in was:
        assert was.endswith("more") == (now < last)
    elif written != was:
        assert (float(read(written)) < float(read(was))) == (now < last)
        assert max(len(written), len(was)) <= len(number(last, decimals)) + MORE


def read(figure: str) -> str:
    return figure.replace("−", "-")


def test_a_small_difference_of_losses_is_written_as_one() -> None:
    assert beside_last(0.6931, 0.6934, 3) == ("0.6931", "0.6934")
    assert beside_last(0.693, 0.693 + 2e-9, 3) == ("0.693", "2.00e−9 more")
    assert beside_last(0.693, 0.693 - 2e-9, 3) == ("0.693", "2.00e−9 less")
    assert beside_last(None, 0.693, 3) == ("", "0.693")


@pytest.mark.parametrize(
    ("lesson", "size"), [*((name, SMALL) for name in NAMES), ("article", WIDE)], ids=str
)
async def test_the_sparkline_has_room_beside_every_name(lesson: str, size: tuple[int, int]) -> None:
    async with stepping(lesson, size) as driver:
        await driver.press("g", *"40", "enter", "space")
        known = driver.position.iteration
        title = driver.text("title")
        assert title.strip().startswith(lesson)
        sparks = re.findall(f"[{BLOCKS}]+", title)
        most = min(size[0] // 8, known - 1)
        assert [len(found) for found in sparks] in ([most], [most // 2])
        assert re.search(f" [{BLOCKS}]+ ", title)
