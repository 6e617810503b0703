"""The floor to measure against: a Textual app of one word that imports NumPy, and one key."""

from __future__ import annotations

import numpy as np
from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """`space` counts: the least that a key can do to the screen."""

    BINDINGS = [("space", "count", "count"), ("q", "quit", "quit")]  # noqa: RUF012 (as one would)
    counted = np.zeros(1)

    def compose(self) -> ComposeResult:
        yield Static("hello, world", id="word")

    def action_count(self) -> None:
        self.counted += 1
        self.query_one("#word", Static).update(f"hello, world {self.counted[0]:.0f}")


if __name__ == "__main__":
    Hello().run()
