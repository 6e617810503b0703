"""What a terminal may lack, made up for on the way to it: signs, and all colours but sixteen.

Filters of Textual's, through which every line of every widget goes last: no panel, field or sheet
knows of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from backprop_tui.ascii import SIGNS, as_wide, letter
from backprop_tui.tui.paint.themes import DARK, LIGHT

SIXTEEN = {
    DARK["ink-positive"]: "bright_cyan",
    DARK["ink-negative"]: "yellow",  # brown on some, and on none what updates have
    DARK["phase-forward"]: "bright_green",
    DARK["phase-backward"]: "bright_magenta",
    DARK["phase-update"]: "bright_yellow",
    DARK["wrong"]: "bright_red",
    DARK["carried"]: "red",
    DARK["quiet"]: "white",
    LIGHT["ink-positive"]: "blue",
    LIGHT["ink-negative"]: "magenta",  # yellow cannot be read on white, and red is wrong
    LIGHT["phase-forward"]: "green",
    LIGHT["phase-backward"]: "magenta",
    LIGHT["phase-update"]: "black",
    LIGHT["wrong"]: "red",
    LIGHT["carried"]: "red",
    LIGHT["quiet"]: "bright_black",
}
"""The hues where there are sixteen colours: the nearest would make some of them the same."""


BAR = 2
"""Columns of a scroll bar."""
BLOCKS = re.compile("[▁-▇]")
"""Where it ends, in a part of a line: nothing that ASCII could spell."""


class Spelled(LineFilter):
    """Every sign in ASCII, as wide as it was."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isascii() for segment in segments):
            return segments
        texts = ["".join(map(of_one_column, segment.text)) for segment in segments]
        line = "".join(texts)
        line = as_wide(line) if len(line) > BAR else as_wide(BLOCKS.sub(" ", line))
        spelled, at = [], 0
        for segment, text in zip(segments, texts, strict=True):
            spelled.append(Segment(line[at : at + len(text)], segment.style, segment.control))
            at += len(text)
        return spelled


@lru_cache(maxsize=1024)
def of_one_column(char: str) -> str:
    """A character, or as many as the columns that it takes: 神 as ??."""
    if char.isascii() or char in SIGNS:
        return char
    width = get_character_cell_size(char)
    return char if width == 1 else letter(char) * width


class SixteenColours(LineFilter):
    """Each hue as the one of sixteen that is named for it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, style and in_sixteen(style), control) for text, style, control in segments
        ]


@lru_cache(maxsize=1024)
def in_sixteen(style: Style) -> Style:
    return style + Style.from_color(_named(style.color), _named(style.bgcolor))


def _named(colour: RichColor | None) -> RichColor | None:
    """The colour's name among sixteen, where it has one."""
    if colour is None or colour.triplet is None:
        return None
    name = SIXTEEN.get(colour.triplet.hex.upper())
    return None if name is None else RichColor.parse(name)
