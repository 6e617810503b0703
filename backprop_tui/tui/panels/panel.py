"""What all panels have in common: a panel is given a View and paints it on a Canvas.

A click on something that leads somewhere is posted as a message; keys are the screen's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from backprop_tui.session.view import View, hue
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.themes import DULL, LOOKS

NUMBERS = re.compile(r"(?<![\w\[,.(×])[−-]?(?:\d+\.\d+(?:e−?\d+)?|\d+e−?\d+|∞|NaN)(?![\w.])")
"""The numbers that a network computes, as they stand among words and names."""
HOW = ("numbers hidden, h shows", "hidden, h shows", "h shows")
"""What a panel's rule says while its numbers are covered, the longest first."""


class Still(Widget):
    """A widget whose size leads to no second layout: the app says where everything stands."""

    virtual_size = Reactive(Size(0, 0))


class Painted(Still, inherit_bindings=False):
    """A widget that paints itself on a Canvas, once for each size."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._canvas: Canvas | None = None
        self._looks: dict[str, Style] = {}
        self._strips: dict[int, Strip] = {}  # the lines as they were last drawn

    def painted_anew(self, size: Size) -> Canvas:
        """Everything, painted for a widget of that size."""
        raise NotImplementedError

    @property
    def canvas(self) -> Canvas:
        """What the widget shows, painted when it is first asked for at this size."""
        if self._canvas is None or self._canvas.size != self.size:
            self._canvas, self._strips = self.painted_anew(self.size), {}
        return self._canvas

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: Textual would look for borders, padding and links in each."""
        if self.styles.tint.a:
            return super().render_lines(crop)
        canvas, strips = self.canvas, self._strips
        for y in crop.line_range:
            if y not in strips:
                strips[y] = self.strip(canvas, y)
        shown = [strips[y] for y in crop.line_range]
        if crop.column_span != (0, self.size.width):
            shown = [strip.crop(*crop.column_span) for strip in shown]
        return shown

    def render_line(self, y: int) -> Strip:
        return self.strip(self.canvas, y)

    def strip(self, canvas: Canvas, y: int) -> Strip:
        """A line of a canvas in the colours of this terminal."""
        if y >= canvas.height:
            return Strip.blank(canvas.width, self.rich_style)
        look = self.look
        found = Strip([Segment(text, look(style)) for text, style in canvas.runs(y)], canvas.width)
        for each in self.get_line_filters():
            found = found.apply_filter(each, self.background_colors[1])
        return found

    def look(self, meanings: str) -> Style:
        """The style of some meanings together, as the theme has it."""
        if meanings not in self._looks:
            style = self.rich_style
            for meaning in meanings.split():
                hue, manner = LOOKS[meaning]
                if meaning == "lit" and self.app.no_color:  # bold alone may be all that is left
                    manner += " underline"
                if meaning in DULL and self.has_hues:
                    manner = ""
                colour = self.app.theme_variables[hue] if hue else None
                style += Style.parse(f"{manner} {colour or ''}") if manner or colour else Style()
            self._looks[meanings] = style
        return self._looks[meanings]

    @property
    def has_hues(self) -> bool:
        """Whether the terminal shows the theme's own colours, or some that are near to them."""
        return not self.app.no_color and self.app.console.color_system in ("256", "truecolor")

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()
        self._strips.clear()


class Panel(Painted):
    """A widget that paints the View that it was last given."""

    view: View | None = None

    def painted(self, view: View, size: Size) -> Canvas:
        """A view as it looks on a panel of that size."""
        canvas = Canvas(*size)
        self.paint(canvas, view)
        if self.is_covered(view):
            self.hide(canvas, view)
        self.finish(canvas, view)
        return canvas

    def drawn(self, view: View, size: Size) -> tuple[Canvas, dict[int, Strip]]:
        """A view as it looks on a panel of that size, and each of its lines as it is written."""
        canvas, shown = self.painted(view, size), self._canvas
        strips = dict(self._strips) if shown and shown.size == canvas.size else {}
        for y in range(canvas.height):
            if y not in strips or shown is None or canvas.differs(shown, y):
                strips[y] = self.strip(canvas, y)
                strips[y].render(self.app.console)  # which it keeps
        return canvas, strips

    def show(self, view: View, canvas: Canvas, strips: dict[int, Strip]) -> None:
        """Show this view from now on, as it was painted, with the lines that are drawn already;
        only those that change are written."""
        before, self._canvas, self.view = self._canvas, canvas, view
        if before is None or before.size != canvas.size:
            self._strips = strips
            self.refresh()
            return
        changed = [y for y in range(canvas.height) if canvas.differs(before, y)]
        for y in changed:
            self._strips.pop(y, None)
            if y in strips:
                self._strips[y] = strips[y]
        if changed:
            width = canvas.width
            self.refresh(*(Region(0, y, width, lines) for y, lines in stretches(changed)))

    def painted_anew(self, size: Size) -> Canvas:
        """The view that is shown; a blank before there is one."""
        return Canvas(*size) if self.view is None else self.painted(self.view, size)

    def paint(self, canvas: Canvas, view: View) -> None:
        """Paint `view`; the canvas has the size of the panel."""
        raise NotImplementedError

    def finish(self, canvas: Canvas, view: View) -> None:
        """Paint what stays visible while the numbers are covered."""

    def is_covered(self, view: View) -> bool:
        """Whether the numbers of the panel are hidden."""
        return self.id in view.hidden

    def hide(self, canvas: Canvas, view: View) -> None:
        """Cover the numbers that were painted, and say in the rule which key shows them."""
        for y in range(1, canvas.height):
            canvas.cover(NUMBERS, y, slice(None))
        title = re.split(" [─━]", canvas.text().split("\n", 1)[0].strip("─━ "))[0]
        said = next((note for note in HOW if canvas.fits_rule(title, note)), "")
        self.rule(canvas, view, title if said else "", said or HOW[-1])

    def rule(self, canvas: Canvas, view: View, title: str, note: str = "", y: int = 0) -> None:
        """The panel's titled rule, in the hue of the phase; strong where it is the chosen one."""
        alone = view.tabbed and view.chosen == self.id and view.inspection.cursor is None
        canvas.rule(y, title, note, f"rule {hue(view)}{' chosen' if alone else ''}")


def stretches(lines: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where each run of lines that follow each other begins, and how many they are."""
    for _, run in groupby(enumerate(lines), lambda at: at[1] - at[0]):
        found = [line for _, line in run]
        yield found[0], len(found)
