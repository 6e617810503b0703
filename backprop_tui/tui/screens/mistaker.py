"""Choose a mistake that the algorithm is run with, or none."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from backprop_tui.engine.mistakes import CATALOGUE
from backprop_tui.tui.screens.opener import Lessons

NONE = "none"
"""The choice of the right algorithm."""


class Mistaker(ModalScreen[str | None]):
    """One deliberate mistake: what becomes of the gradients, of the loss, of the nudge test?"""

    DEFAULT_CSS = """
    Mistaker { align: center middle; background: $background 60%; }
    Mistaker > #sheet {
        width: 100%; max-width: 76; min-width: 24; height: auto; max-height: 100%; min-height: 8;
        background: $surface; border: round $quiet; padding: 0 1;
    }
    Mistaker Lessons { height: 18; max-height: 70vh; background: $surface; border: none; }
    """
    AUTO_FOCUS = "Lessons"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,m", "close", "close")]

    def __init__(self, current: str | None) -> None:
        super().__init__()
        self.current = current or NONE

    def compose(self) -> ComposeResult:
        names = {NONE: "the algorithm as it should be"}
        names |= {name: mistake.sentence for name, mistake in CATALOGUE.items()}
        with Vertical(id="sheet"):
            yield Static("Run with one mistake (enter); the screen says so all the time")
            yield Lessons(*(self.option(*item) for item in names.items()), markup=False)

    def option(self, name: str, sentence: str) -> Option:
        """A mistake's line, the current one marked."""
        mark = "▸" if name == self.current else " "
        line = Text(f"{mark} {name:<24} ", "bold", no_wrap=True, overflow="ellipsis")
        return Option(line.append(sentence, "not bold"), id=name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        self.dismiss(None)
