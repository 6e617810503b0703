"""Terminals that lack signs or colours: any screen in ASCII alone, and sixteen colours named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from backprop_tui.ascii import SIGNS
from backprop_tui.files.experiment_file import load
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.paint.themes import DARK
from backprop_tui.tui.terminals import SixteenColours, Spelled
from tests.tui.driver import driving

GROUND = Color.parse("#121212")
TEXTS = st.text(st.sampled_from([*SIGNS, *"神🔎é⡤́ ab0"]), min_size=1)


@given(st.lists(TEXTS, min_size=1))
def test_each_piece_of_a_line_keeps_its_columns_and_its_style(texts: list[str]) -> None:
    line = [Segment(text, Style(bold=k % 2 == 0)) for k, text in enumerate(texts)]
    spelled = Spelled().apply(line, GROUND)
    assert [cell_len(one.text) for one in spelled] == [
        sum(cell_len(char) for char in text) for text in texts
    ]
    assert all(one.text.isascii() for one in spelled)
    assert [one.style for one in spelled] == [one.style for one in line]


def test_a_spelling_reaches_from_one_style_into_the_next() -> None:
    line = [Segment("next  "), Segment("⌫", Style(bold=True)), Segment(" back")]
    spelled = Spelled().apply(line, GROUND)
    assert [one.text for one in spelled] == ["next B", "S", " back"]


def test_sixteen_colours_are_named_ones() -> None:
    plus = Style.parse(f"bold {DARK['ink-positive']} on #121212")
    (found,) = SixteenColours().apply([Segment("1", plus)], GROUND)
    assert found.style == Style.parse("bold bright_cyan on #121212")


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["space"] * 8,
        ["space"] * 8 + ["enter"],
        ["space"] * 8 + ["enter", "x"],
        ["space"] * 17 + ["v"],
        ["c"],
        ["e"],
        ["f"],
        ["g"],
        ["m"],
        ["o"],
        ["w"],
        ["y"],
        ["r"],
        ["h"],
        ["space", "l"],
        ["question_mark"],
        ["colon"],
        ["b"],
    ],
    ids=lambda keys: keys[-1] if keys else "start",
)
async def test_every_screen_is_in_ascii(keys: list[str]) -> None:
    async with driving(BackpropApp(load("article"), ascii_only=True)) as driver:
        await driver.press(*keys)
        everything = driver.everything()
        assert everything.isascii()
        assert "?" not in everything.replace("? ", "").replace(" ?", "")  # no sign unspelled
        assert {len(line) for line in everything.split("\n")} == {80}
