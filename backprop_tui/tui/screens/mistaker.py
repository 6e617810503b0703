"""Choose a mistake that the algorithm is run with, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.tui.screens.modal import Modal
from backprop_tui.tui.screens.opener import Lessons

NONE = "none"
"""The choice of the right algorithm."""


class Mistaker(Modal[str | None]):
    """One deliberate mistake: what becomes of the gradients, of the loss, of the gradient check?"""

    DEFAULT_CSS = """
    Mistaker { align: center middle; background: $background 60%; }
    Mistaker > #sheet {
        width: 100%; max-width: 76; min-width: 24; height: auto; max-height: 100%; min-height: 8;
        background: $surface; border: round $quiet; padding: 0 1;
    }
    Mistaker Lessons { height: 17; max-height: 70vh; background: $surface; border: none; }
    Mistaker Lessons:focus { border: none; }
    Mistaker #told { height: 2; color: $quiet; }
    """
    AUTO_FOCUS = "Lessons"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,m", "close", "close")]

    def __init__(self, current: str | None, idle: Mapping[str, str]) -> None:
        """`idle`: the mistakes that change nothing in the iteration shown, and why."""
        super().__init__()
        self.current, self.idle = current or NONE, idle
        self.sentences = {NONE: "The algorithm as it should be."}
        last = sorted(CATALOGUE, key=lambda name: name in idle)  # those that change nothing
        self.sentences |= {name: CATALOGUE[name].sentence for name in last}

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield Static("Run with one mistake (enter); the screen says so all the time")
            yield Lessons(*map(self.option, self.sentences), markup=False)
            yield Static(id="told", markup=False)

    def option(self, name: str) -> Option:
        """A mistake's line, the current one marked; dim where it changes nothing here."""
        mark = "▸" if name == self.current else " "
        why = self.idle.get(name)
        looks = ("dim", "") if why else ("bold", "not bold")
        line = Text(f"{mark} {name:<24} ", looks[0], no_wrap=True, overflow="ellipsis")
        said = why or (CATALOGUE[name].how if name in CATALOGUE else "")
        return Option(line.append(said, looks[1]), id=name)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#told", Static).update(self.sentences[event.option.id or NONE])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        self.dismiss(None)
