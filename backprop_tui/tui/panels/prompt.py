"""The line that is typed into, over the footer: what is asked, and above it what is said of it."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from backprop_tui.session.prompts import Prompt
from backprop_tui.tui.paint.canvas import columns, shortened
from backprop_tui.tui.sheets.choices import field


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
