"""The sheet with the code of a state: to be read aloud, typed, or copied. It makes no code."""

from __future__ import annotations

from rich.text import Text

from backprop_tui.files.codes import ALOUD, grouped

TYPED = 1_000
"""Characters that a command may be long, so that it can be seen whole."""
ROW = 8
"""Groups in a line."""


def code_text(code: str, copied: bool) -> Text:
    """A code in groups, and the command that opens it; whether that was copied."""
    command = f"backprop-tui --code {code}"
    text = Text()
    text.append("The code of this state\n\n", "bold")
    if len(code) <= ALOUD:
        groups = grouped(code)
        for at in range(0, len(groups), ROW):
            text.append(f"  {'  '.join(groups[at : at + ROW])}\n", "bold")
        text.append("\nIt has no letter I, L, O or U; capitals, spaces and hyphens do not ")
        text.append("matter, and a slip is told. It opens this run where it stands:\n\n")
        text.append(f"{command}\n", "bold")
    else:
        text.append(f"It has {len(code):,} characters: w saves a file, which is better to ")
        text.append("hand on.\n")
        if len(code) <= TYPED:
            text.append(f"\n{command}\n")
    text.append("\n")
    if copied:
        text.append("The command was handed to the terminal to copy. Not every terminal takes ")
        text.append("it: paste it somewhere to see.\n\n")
    text.append("c", "bold").append(" copies the command   ")
    return text.append("esc", "bold").append(" closes")
