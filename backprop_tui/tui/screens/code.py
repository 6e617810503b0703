"""The sheet with the code of a state: to be read aloud, typed, or copied. It makes no code."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from backprop_tui.files.codes import grouped
from backprop_tui.tui.screens.sheet import Sheet

ALOUD = 120
"""Characters that somebody reads to somebody else."""
TYPED = 1_000
"""Characters that a command may be long, so that it can be seen whole."""
ROW = 8
"""Groups in a line."""


class CodeSheet(Sheet):
    """A code in groups, and the command that opens it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy"),
        Binding("y", "close", "close"),
    ]

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code, self.copied = code, False

    @property
    def command(self) -> str:
        return f"backprop-tui --code {self.code}"

    def text(self) -> Text:
        text = Text("The code of this state\n\n", "bold")
        if len(self.code) <= ALOUD:
            groups = grouped(self.code)
            for at in range(0, len(groups), ROW):
                text.append(f"  {'  '.join(groups[at : at + ROW])}\n", "bold")
            text.append("\nIt has no letter I, L, O or U; capitals, spaces and hyphens do not ")
            text.append("matter, and a slip is told. It opens this run where it stands:\n\n")
            text.append(f"{self.command}\n", "bold")
        else:
            text.append(
                f"It has {len(self.code):,} characters: w saves a file, which is better to "
            )
            text.append("hand on.\n")
            if len(self.code) <= TYPED:
                text.append(f"\n{self.command}\n")
        text.append("\n")
        if self.copied:
            text.append("The command was handed to the terminal to copy. Not every terminal takes ")
            text.append("it: paste it somewhere to see.\n\n")
        text.append("c", "bold").append(" copies the command   ")
        return text.append("esc", "bold").append(" closes")

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.command)
        self.copied = True
        self.write(self.text())
