"""Lines of text with a weight each: where there are too many, the least important give way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from backprop_tui.tui.paint.canvas import Canvas, shortened, wrapped


@dataclass(frozen=True)
class TextLine:
    """A line of text. Where there is no room for all, those of the least `weight` are left out."""

    text: str
    looks: str = ""
    weight: int = 5
    right: str = ""
    """What stands at the right end of the line, where it fits."""
    goes_on: bool = False
    """Whether it continues the line before."""


BLANK = TextLine("", weight=0)
"""The first to be left out."""


def paragraph(text: str, width: int, most: int, looks: str, weight: int) -> list[TextLine]:
    """Break a text into at most `most` lines."""
    lines = wrapped(text, width, most)
    return [TextLine(line, looks, weight, goes_on=k > 0) for k, line in enumerate(lines)]


def spaced(lines: list[TextLine], height: int) -> list[TextLine]:
    """Put a blank line before each line that begins something, where `height` has room for that."""
    written = [line for line in lines if line != BLANK]
    if 2 * len(written) > height:
        return lines
    return [line for one in written for line in ((one,) if one.goes_on else (BLANK, one))][1:]


def put_lines(canvas: Canvas, lines: Iterable[TextLine], width: int, height: int) -> None:
    """Write as many lines as there is room for under a rule, without the least important.

    A line that is too long goes on in the next one where that leaves room for all.
    """
    kept = list(lines)
    longer = sum(len(wrapped(line.text, width, height)) - 1 for line in kept if line.text)
    while len(kept) > height > 0 or (BLANK in kept and len(kept) + longer > height):
        least = min(line.weight for line in kept)
        at = max(k for k, line in enumerate(kept) if line.weight == least)
        if kept[at].goes_on:
            kept[at - 1] = replace(kept[at - 1], text=f"{kept[at - 1].text} …")
        del kept[at]
    y, spare = 1, height - len(kept)
    for line in kept:
        parts = [shortened(line.text, width)]
        if spare and len(line.text) > width:
            parts = wrapped(line.text, width, 1 + spare)
        for part in parts:
            canvas.put(1, y, part, line.looks)
            y += 1
        spare -= len(parts) - 1
        if line.right and len(line.text) + len(line.right) + 2 <= width:
            canvas.right(width + 1, y - 1, line.right, "quiet")
