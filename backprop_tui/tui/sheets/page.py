"""A page over the panels: its lines, the box that they stand in, and which of them are seen."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text
from textual.geometry import Region, Size

from backprop_tui.session.prompts import Sheet
from backprop_tui.session.view import View
from backprop_tui.tui import lazy
from backprop_tui.tui.paint.canvas import Canvas, shortened

WIDE = 76
"""Columns of a box where there is room."""
GUIDE = 100
"""Columns of a page of the guide where there is room."""
LEAST = Size(24, 8)
FRAME = Size(4, 2)
"""Columns and lines that the frame takes."""
BAR = 2
"""Columns of the scroll bar."""
CONSOLE = Console()


@dataclass(frozen=True)
class Page:
    """Lines in a box in the middle of a window."""

    lines: tuple[Text, ...]
    window: Size
    width: int
    """Columns of the box."""
    top: int = 0
    """The first line that is seen, from 0."""
    frame: str = ""
    """What is said in the frame."""

    @property
    def region(self) -> Region:
        """Where the box stands, as low as its lines allow."""
        height = max(LEAST.height, min(len(self.lines) + FRAME.height, self.window.height))
        spare = self.window - Size(self.width, height)
        return Region(spare.width // 2, spare.height // 2, self.width, height)

    @property
    def room(self) -> int:
        """Lines that are seen at a time."""
        return self.region.height - FRAME.height

    @property
    def last(self) -> int:
        """The first line of the last page."""
        return max(0, len(self.lines) - self.room)

    def canvas(self, quiet: str) -> Canvas:
        """The lines that are seen in their frame of that colour, with a scroll bar where there are
        more; styles are Rich's."""
        width, height = self.region.size
        canvas, first = Canvas(width, height), min(self.top, self.last)
        canvas.put(0, 0, f"╭{'─' * (width - 2)}╮", quiet)
        for y, line in enumerate(self.lines[first : first + self.room], 1):
            x = FRAME.width // 2
            for text, style, _ in line.render(CONSOLE):
                x = canvas.put(x, y, text, str(style or line.style))
        for y in range(1, height - 1):
            canvas.put(0, y, "│ ", quiet)
            canvas.put(width - 2, y, " │", quiet)
        size = max(1, self.room * self.room // len(self.lines)) if self.lines else 0
        for y in range(self.room if self.last else 0):
            lit = y - (self.room - size) * first // self.last in range(size)
            canvas.put(width - 2 - BAR, y + 1, " " * BAR, f"{quiet} reverse" if lit else quiet)
        canvas.put(0, height - 1, f"╰{'─' * (width - 2)}╯", quiet)
        if self.frame:
            canvas.right(width - 2, height - 1, f" {shortened(self.frame, width - 6)} ", quiet)
        return canvas


def box_width(window: Size, wide: int = WIDE) -> int:
    """The columns of a box over the panels of a window of that size."""
    return max(LEAST.width, min(wide, window.width))


def box(text: Text, window: Size, *, wide: int = WIDE, top: int = 0, frame: str = "") -> Page:
    """A page of that text, its lines broken to fit."""
    width = box_width(window, wide)
    room, rows = width - FRAME.width, window.height - FRAME.height
    if text.plain.count("\n") < rows:  # else it is longer, however it is broken
        lines = tuple(text.wrap(CONSOLE, max(1, room)))
        if len(lines) <= rows:
            return Page(lines, window, width, top, frame)
    return Page(tuple(text.wrap(CONSOLE, max(1, room - BAR))), window, width, top, frame)


def page_of(sheet: Sheet, view: View, window: Size) -> Page:
    """What a sheet says in a window of that size; nothing where it is no text."""
    match sheet.kind:
        case "help":
            text, wide = lazy.help_text(sheet.about, window.width)
            return box(
                text, window, wide=wide, top=sheet.top, frame="↑ ↓ scroll, g guide, esc closes"
            )
        case "guide":
            room = min(GUIDE, window.width) - FRAME.width - BAR
            text, frame = lazy.guide_text(sheet.about, room), "↑ ↓ scroll, esc closes"
            return box(text, window, wide=GUIDE, top=sheet.top, frame=frame)
        case "check":
            text = lazy.check_text(view.state.program, view.decimals, *sheet.about)
            return box(text, window, top=sheet.top, frame="c or esc closes")
        case "code":
            return box(lazy.code_text(sheet.about, "copied" in sheet.marks), window, top=sheet.top)
        case _:
            return Page((), window, window.width)
