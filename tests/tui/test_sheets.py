"""What opens over the panels to be read: the pages of the guide, the code of a state."""

from __future__ import annotations

import pytest
from textual.geometry import Region, Size

from backprop_tui.files.codes import ALOUD
from backprop_tui.guide import TOPICS, text
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.panels.box import Box, Curve
from backprop_tui.tui.panels.panel import Painted
from backprop_tui.tui.sheets.guide import guide_text
from backprop_tui.tui.sheets.texts import TYPED, code_text
from tests.networks import ARTICLE
from tests.tui.driver import SMALL, stepping


@pytest.mark.parametrize("topic", TOPICS)
def test_every_page_of_the_guide_fits_its_box(topic: str) -> None:
    words = text(topic).split()
    for width in (38, 76):
        lines = guide_text(topic, width).plain.split("\n")
        assert max(map(len, lines)) <= width
        assert words[1] in "".join(lines)


async def test_a_page_of_the_guide_scrolls_to_its_end_and_no_farther() -> None:
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press("question_mark", "g", "enter")
        first = driver.everything()
        await driver.press("end")
        last = driver.everything()
        await driver.press("down")
        assert first != last == driver.everything()
        await driver.press("escape")
        assert driver.session.top is None


@pytest.mark.parametrize(
    ("length", "aloud", "command"),
    [
        (ALOUD, True, True),
        (ALOUD + 1, False, True),
        (TYPED, False, True),
        (TYPED + 1, False, False),
    ],
)
def test_a_code_is_shown_as_it_is_best_handed_on(length: int, aloud: bool, command: bool) -> None:
    code = "1" * length
    said = code_text(code, copied=False).plain
    assert ("It has no letter I, L, O or U" in said) == aloud
    assert (f"It has {length:,} characters: w saves a file" in said) != aloud
    assert (f"backprop-tui --code {code}" in said) == command
    assert "was handed to the terminal" not in said
    assert "was handed to the terminal" in code_text(code, copied=True).plain


@pytest.mark.parametrize("key", ["l", "o", "question_mark"])
async def test_what_is_open_is_there_though_it_was_painted_before_it_had_its_size(key: str) -> None:
    """On a busy machine a window is known to be another one before its widgets are as large."""
    async with stepping(ARTICLE, SMALL) as driver:
        await driver.press("i", "i", key)
        (widget,) = (each for each in driver.screen.query(Painted) if each.display and above(each))
        size = widget.size
        canvas = Canvas(size.width + 40, size.height + 16)
        canvas.put(1, 1, "what is open")
        widget.show_canvas(canvas, {})
        widget.render_lines(Region(0, 0, *size))  # as large as it was
        assert widget.painted_anew(Size(*canvas.size)) is canvas
        assert widget.painted_anew(size) is not canvas


def above(widget: Painted) -> bool:
    return isinstance(widget, Box | Curve)
