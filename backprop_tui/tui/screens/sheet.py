"""A sheet over the stepper: text to read and scroll, closed by escape or the key that opened it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from backprop_tui.tui.screens.modal import Modal


class Sheet(Modal[None]):
    """Its text is made when it opens; `write` replaces it."""

    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet > #sheet {
        width: 100%; max-width: 76; min-width: 24; height: auto; max-height: 100%; min-height: 8;
        background: $surface; border: round $quiet; padding: 0 1;
    }
    """

    closes: ClassVar[str] = ""
    """How to get out, said in its frame: however long its text is, that is seen."""

    AUTO_FOCUS = "#sheet"  # arrows, PgUp, PgDn, Home and End scroll
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,space", "close", "close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sheet") as sheet:
            sheet.border_subtitle = self.closes
            yield Static(self.text(), id="text")

    def text(self) -> Text:
        """What the sheet says."""
        raise NotImplementedError

    def write(self, text: Text) -> None:
        for page in self.query("#text").results(Static):  # none while it opens or closes
            page.update(text)

    def action_close(self) -> None:
        self.dismiss()
