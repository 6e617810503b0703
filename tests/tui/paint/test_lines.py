"""Lines of text where there is little room: which give way, and how that is seen."""

from __future__ import annotations

from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.lines import BLANK, TextLine, put_lines, spaced
from tests.tui.driver import line_of


def put(lines: list[TextLine], width: int, height: int) -> list[str]:
    canvas = Canvas(width + 2, height + 1)
    put_lines(canvas, lines, width, height)
    return [line_of(canvas, y).strip() for y in range(1, height + 1)]


def test_a_line_goes_on_where_there_are_rows() -> None:
    said = TextLine("how badly its prediction misses its target")
    assert put([said, TextLine("next")], 24, 3) == [
        "how badly its prediction",
        "misses its target",
        "next",
    ]


def test_and_is_cut_where_there_are_none() -> None:
    said = TextLine("how badly its prediction misses its target")
    assert put([said, TextLine("next")], 24, 2) == ["how badly its predictio…", "next"]


def test_where_the_rest_of_a_paragraph_gives_way_it_is_seen() -> None:
    note = [TextLine("◆ Which factor", weight=6), TextLine("is the slope?", weight=6, goes_on=True)]
    assert put([TextLine("formula", weight=9), *note], 24, 2) == [
        "formula",
        "◆ Which factor …",
    ]


def test_a_blank_line_is_left_out_before_a_long_line_is_shortened() -> None:
    lines = [TextLine("one two three four"), BLANK, TextLine("end")]
    assert put(lines, 10, 3) == ["one two", "three four", "end"]
    assert put(lines, 10, 4) == ["one two", "three four", "", "end"]


def test_with_much_room_a_blank_line_is_between_those_that_do_not_belong_together() -> None:
    lines = [TextLine("one"), TextLine("two"), TextLine("goes on", goes_on=True)]
    assert spaced(lines, 6) == [lines[0], BLANK, lines[1], lines[2]]
    assert spaced(lines, 5) == lines
