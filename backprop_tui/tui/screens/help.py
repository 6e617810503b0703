"""Help: what the chosen panel shows, then every key of the action table; on a wide screen in
columns, so that nothing scrolls."""

from __future__ import annotations

from itertools import zip_longest
from textwrap import fill, wrap
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from backprop_tui.session.commands import ACTIONS
from backprop_tui.tui.screens.sheet import Sheet

SHEET, FRAME = 76, 6
"""Columns of the sheet where there is room, and of its frame with the scroll bar."""
ACROSS, NARROWEST, GAP = 3, 50, 3
"""At most so many columns of text, the narrowest of them, and what is between two."""
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
    "gradient check: change one number a little, and see how much the loss changes\n"
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
        room = event.size.width - FRAME + GAP
        across = max(1, min(ACROSS, room // (NARROWEST + GAP)))
        sheet = across * (SHEET - FRAME + GAP) - GAP + FRAME
        self.columns = min(sheet, event.size.width)
        self.query_one("#sheet").styles.max_width = sheet
        wide = (self.columns - FRAME + GAP) // across - GAP
        self.write(self.text() if across == 1 else beside_each_other(self.blocks(wide), across))

    def text(self) -> Text:
        wide = max(len(KEY) + 12, self.columns - FRAME)
        return Text("\n").join(self.blocks(wide, whole=True))

    def blocks(self, wide: int, *, whole: bool = False) -> list[Text]:
        """What is said, in pieces that stay in one column each; with `whole` what the panel and
        the marks are about is left for the sheet to break."""

        def broken(said: str) -> str:
            lines = said.split("\n")
            return said if whole else "\n".join(fill(line, wide) for line in lines)

        found = [Text(broken(PANELS[self.panel]) + "\n")] if self.panel in PANELS else []
        for group, title in GROUPS.items():
            heading = Text(f"{title}\n", "bold")
            for action in (a for a in ACTIONS if a.group == group):
                does = f"\n{KEY}".join(wrap(action.does, wide - len(KEY)))
                found.append(Text.assemble(heading, (f"  {action.written:<16}", "bold"), does))
                heading = Text()
        marks = [broken(line) for line in MARKS.split("\n")]
        found += [Text(f"\n{marks[0]}", "dim"), *(Text(mark, "dim") for mark in marks[1:])]
        return found


def beside_each_other(blocks: list[Text], across: int) -> Text:
    """Blocks in so many columns, read downwards, as low as they can be."""
    lines = [block.split() for block in blocks]
    low = -(-sum(map(len, lines)) // across)
    columns: list[list[Text]] = []
    while not columns or len(columns) > across:
        columns = [[]]
        for own in lines:
            if columns[-1] and len(columns[-1]) + len(own) > low:
                columns.append([])
            columns[-1] += own
        low += 1
    wide = [max(line.cell_len for line in column) + GAP for column in columns]
    return Text("\n").join(row_of(row, wide) for row in zip_longest(*columns, fillvalue=Text()))


def row_of(cells: tuple[Text, ...], wide: list[int]) -> Text:
    """A line of every column."""
    row = Text()
    for cell, columns in zip(cells, wide, strict=True):
        row.append_text(cell).append(" " * (columns - cell.cell_len))
    row.rstrip()
    return row
