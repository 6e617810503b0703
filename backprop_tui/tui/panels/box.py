"""What opens over the panels: a line to type, a box with a list or a page, a curve, or a blank."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from backprop_tui.session.prompts import Prompt
from backprop_tui.tui.paint.canvas import Canvas, columns, shortened
from backprop_tui.tui.panels.panel import Painted
from backprop_tui.tui.sheets.choices import field
from backprop_tui.tui.sheets.page import Page


class Curve(Painted):
    """A curve over the whole screen; hidden while none is open."""

    DEFAULT_CSS = """
    Curve { layer: above; width: 100%; height: 100%; background: $background; display: none; }
    """

    def show(self, canvas: Canvas | None) -> None:
        """The curve as it was drawn."""
        self.display = canvas is not None
        if canvas is not None:
            self.show_canvas(canvas, {})


class Box(Painted):
    """A list to choose from, or a page to read; hidden while none is open."""

    DEFAULT_CSS = """
    Box { layer: above; position: absolute; background: $surface; display: none; }
    """

    def show(self, page: Page | None) -> None:
        """The lines of the page that are seen, where it stands."""
        self.display = page is not None
        if page is not None:
            region = page.region
            self.styles.width, self.styles.height = region.width, region.height
            self.styles.offset = region.x, region.y
            self.show_canvas(page.canvas(self.app.theme_variables["quiet"]), {})

    def look(self, meanings: str) -> Style:
        """A style of the page."""
        if meanings not in self._looks:
            self._looks[meanings] = self.rich_style + Style.parse(meanings)
        return self._looks[meanings]


class Cover(Static):
    """Nothing to see, so that a class looks at its teacher."""

    DEFAULT_CSS = """
    Cover {
        layer: above; width: 100%; height: 100%; background: black; color: #303030;
        content-align: center bottom; display: none;
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(Text("any key uncovers"), id=id)


class PromptLine(Static):
    """Hidden while nothing is asked."""

    DEFAULT_CSS = """
    PromptLine { layer: above; dock: bottom; height: 2; background: $surface; display: none; }
    """

    def show(self, prompt: Prompt | None, progress: str, width: int) -> None:
        """What is asked, and how far what it began has come, in a window of that width."""
        self.display = prompt is not None
        if prompt is None:
            return
        colours, asks = self.app.theme_variables, shortened(f" {prompt.asks}", width // 2)
        text = Text(no_wrap=True)
        text.append(shortened(f" {progress or prompt.said}", width), colours["quiet"])
        text.append(f"\n{asks} ", "bold")
        selected = f"{colours['surface']} on {colours['quiet']}"
        self.update(
            text.append_text(field(prompt.line, max(1, width - columns(asks) - 1), selected))
        )
