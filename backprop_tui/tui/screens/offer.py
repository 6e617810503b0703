"""What an earlier run left unsaved, offered at the start: enter opens it, escape drops it.

Any other key does what it always does, and leaves it for the next start: nobody's step is lost.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from backprop_tui.tui.screens.modal import Modal


class Offer(Modal[bool]):
    """At the foot of the screen, so that what was asked for is seen behind it."""

    DEFAULT_CSS = """
    Offer { align: center bottom; background: $background 0%; }
    Offer Static {
        width: 100%; height: auto; background: $surface; padding: 0 1; text-style: bold;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)", "open"),
        Binding("escape", "answer(False)", "drop"),
    ]

    def __init__(self, name: str, unsaved: str) -> None:
        super().__init__()
        self.left_name, self.unsaved = name, unsaved

    def compose(self) -> ComposeResult:
        yield Static(
            f"Unsaved run of {self.left_name} ({self.unsaved}): "
            "⏎ opens it, esc drops it, else go on",
            markup=False,
        )

    def on_key(self, event: events.Key) -> None:
        if event.key not in ("enter", "escape"):
            event.stop()
            self.dismiss(None)
            self.app.call_later(self.app.post_message, events.Key(event.key, event.character))

    def action_answer(self, opens: bool) -> None:
        self.dismiss(opens)
