"""A covered screen, as a presenter's remote asks for; any of its keys uncovers it."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from backprop_tui.tui.screens.modal import Modal


class Cover(Modal[None]):
    """Nothing to see, so that a class looks at its teacher."""

    DEFAULT_CSS = """
    Cover { background: black; }
    Cover Static { color: #303030; width: 1fr; height: 1fr; content-align: center bottom; }
    """

    def compose(self) -> ComposeResult:
        yield Static("any key uncovers")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss()

    def on_click(self) -> None:
        self.dismiss()
