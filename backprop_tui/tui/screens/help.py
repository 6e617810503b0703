"""Help: what the chosen panel shows, then every key of the action table."""

from __future__ import annotations

from textwrap import fill
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from backprop_tui.tui.actions import ACTIONS
from backprop_tui.tui.screens.sheet import Sheet

SHEET, FRAME = 76, 6
"""Columns of the sheet where there is room, and of its frame with the scroll bar."""
KEY = " " * 18
"""The room for a key, before what it does."""
GROUPS = {
    "time": "Moving in time",
    "why": "Why is this number what it is?",
    "screen": "What is shown",
    "program": "The program",
}
PANELS = {
    "network": (
        "Network: nodes are neurons, edges are weights: blue plus, orange minus and dashed, the "
        "strongest drawn last. v shows the graph of operations instead."
    ),
    "cache": (
        "Cache: all that going forward has stored. ▸ reversed is what this step writes, • "
        "underlined what it reads; · is not computed yet, which is not zero; dim belongs to "
        "parameters that have since been updated."
    ),
    "gradients": (
        "Gradients: each stands exactly under its value, dW1 under W1. dA and dZ are slopes of "
        "each example's own L; dW and db of the mean J."
    ),
    "update": "Update: before, minus α times the slope, after: a subtraction, as on the board.",
    "step": (
        "Step: the formula and its shapes, one element with its numbers put in, why it is so, "
        "where it goes next, and the lesson's note (◆)."
    ),
}
MARKS = (
    "▸ written by this step   • read by it   · not computed yet   ∞ NaN shown as they are\n"
    "✓ as printed in the experiment's source   ≠ printed wrong there   ✗ differs\n"
    "(rounded): the figures as shown would give another last digit\n"
    "nudge test: nudge one number by a hair, see how far the loss moves: that is its slope\n"
    "(m = 1: no mean): in a batch of m examples dW and db would carry 1/m\n"
    "dA2 is ∂L/∂A2. Rows and columns count from 1. Ng's notation: columns are examples."
)


class Help(Sheet):
    """All keys, and what the chosen panel shows."""

    closes = "↑ ↓ scroll, esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "close", "close")]

    def __init__(self, panel: str) -> None:
        super().__init__()
        self.panel, self.columns = panel, SHEET

    def on_resize(self, event: events.Resize) -> None:
        self.columns = min(SHEET, event.size.width)
        self.write(self.text())

    def text(self) -> Text:
        text = Text()
        wide = len(KEY) + max(12, self.columns - len(KEY) - FRAME)
        if self.panel in PANELS:
            text.append(PANELS[self.panel] + "\n\n")
        for group, title in GROUPS.items():
            text.append(f"{title}\n", "bold")
            for action in (a for a in ACTIONS if a.group == group):
                text.append(f"  {action.written:<16}", "bold")
                text.append(
                    fill(action.does, wide, initial_indent=KEY, subsequent_indent=KEY)[len(KEY) :]
                    + "\n"
                )
        text.append(f"\n{MARKS}", "dim")
        return text
