"""What all panels have in common: a panel is given a View and paints it on a Canvas.

A click on something that leads somewhere is posted as a message; keys are the screen's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.renderables.tint import Tint
from textual.strip import Strip
from textual.widget import Widget

from backprop_tui.session.view import View, hue
from backprop_tui.tui.paint.canvas import Canvas
from backprop_tui.tui.paint.themes import DULL, LOOKS

NUMBERS = re.compile(r"(?<![\w\[,.(×])[−-]?(?:\d+\.\d+(?:e−?\d+)?|\d+e−?\d+|∞|NaN)(?![\w.])")
"""The numbers that a network computes, as they stand among words and names."""
HOW = ("numbers hidden, h shows", "hidden, h shows", "h shows")
"""What a panel's rule says while its numbers are covered, the longest first."""


class Dimmed(LineFilter):
    """All colours nearer to that of a tint, as behind a box that is open."""

    def __init__(self, tint: Color, theme: TerminalTheme) -> None:
        super().__init__()
        self.tint, self.theme = tint, theme

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text, style and self.of(style, background)) for text, style, _ in segments]

    @lru_cache(maxsize=256)  # noqa: B019 (there are two of these, one for each theme)
    def of(self, style: Style, background: Color) -> Style | None:
        """Textual's own tint of a style, once for each."""
        (tinted,) = Tint.process_segments([Segment("", style)], self.tint, self.theme, background)
        return tinted.style


dimmed_by = lru_cache(maxsize=2)(Dimmed)


class Still(Widget):
    """A widget whose size leads to no second layout: the app says where everything stands."""

    virtual_size = Reactive(Size(0, 0))


class Painted(Still, inherit_bindings=False):
    """A widget that paints itself on a Canvas, once for each size."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._canvas: Canvas | None = None
        self._given: Canvas | None = None
        self._looks: dict[str, Style] = {}
        self._ground: Color | None = None
        self._strips: dict[int, Strip] = {}  # the lines as they were last drawn

    def painted_anew(self, size: Size) -> Canvas:
        """Everything, painted for a widget of that size: what was given to it, which may have come
        before it had its size; a blank, until it is known."""
        given = self._given
        return Canvas(*size) if given is None or given.size != size else given

    @property
    def canvas(self) -> Canvas:
        """What the widget shows, painted when it is first asked for at this size."""
        if self._canvas is None or self._canvas.size != self.size:
            self._canvas, self._strips = self.painted_anew(self.size), {}
        return self._canvas

    def show_canvas(self, canvas: Canvas, strips: dict[int, Strip]) -> None:
        """Show it from now on, with the lines that are drawn already; only those that change are
        written."""
        before, self._canvas, self._given = self._canvas, canvas, canvas
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

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are: Textual would look for borders, padding and links in each."""
        canvas, strips = self.canvas, self._strips
        for y in crop.line_range:
            if y not in strips:
                strips[y] = self.strip(canvas, y)
        shown = [strips[y] for y in crop.line_range]
        if (tint := self.styles.tint).a:
            dimmed = dimmed_by(tint, self.app.ansi_theme)
            shown = [self.filtered(strip.apply_filter(dimmed, self.ground)) for strip in shown]
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
        return self.filtered(
            Strip([Segment(text, look(style)) for text, style in canvas.runs(y)], canvas.width)
        )

    def filtered(self, strip: Strip) -> Strip:
        """A line as this terminal can show it."""
        for each in self.get_line_filters():
            strip = strip.apply_filter(each, self.ground)
        return strip

    @property
    def ground(self) -> Color:
        """The colour behind all that is shown."""
        if self._ground is None:
            self._ground = self.background_colors[1]
        return self._ground

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
        self._ground = None
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
        """Show this view from now on, as it was painted, with the lines that are drawn already."""
        self.view = view
        self.show_canvas(canvas, strips)

    def painted_anew(self, size: Size) -> Canvas:
        """The view that is shown; a blank before there is one."""
        return self.painted(self.view, size) if self.view else super().painted_anew(size)

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
