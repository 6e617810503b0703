"""The box over the panels: a list to choose from, a sheet to read, or nothing at all to see."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from backprop_tui.tui.sheets.page import Page


class Box(Static):
    """Hidden while nothing is open."""

    DEFAULT_CSS = """
    Box {
        layer: above; position: absolute; background: $surface; border: round $quiet;
        padding: 0 1; display: none;
    }
    """

    def show(self, page: Page | None) -> None:
        """The lines of the page that are seen, where it stands."""
        self.display = page is not None
        if page is None:
            return
        region = page.region
        self.styles.width, self.styles.height = region.width, region.height
        self.styles.offset = region.x, region.y
        self.border_subtitle = page.frame
        self.update(page.seen(f"{self.app.theme_variables['quiet']}"))


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
