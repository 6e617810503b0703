"""Open another lesson, or an experiment file: a list, and a field for a path.

A file with faults is not opened; they are listed, and what runs goes on running.
"""

from __future__ import annotations

from itertools import starmap
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from backprop_tui import lessons
from backprop_tui.files.experiment_file import ExperimentError, load
from backprop_tui.model.experiment import Experiment
from backprop_tui.tui.screens.modal import Modal

FAULTS = 5
"""Faults of a wrong file that there is room for."""


class Lessons(OptionList):
    """The list of lessons, too short for pages: PgUp and PgDn, a remote's keys, move by one."""

    def action_page_down(self) -> None:
        self.action_cursor_down()

    def action_page_up(self) -> None:
        self.action_cursor_up()


class Opener(Modal[Experiment | None]):
    """Choose what to step through next."""

    DEFAULT_CSS = """
    Opener { align: center middle; background: $background 60%; }
    Opener > #sheet {
        width: 100%; max-width: 76; min-width: 24; height: auto; max-height: 100%; min-height: 8;
        background: $surface; border: round $quiet; padding: 0 1;
    }
    Opener Lessons { height: 14; max-height: 60vh; background: $surface; border: none; }
    Opener Lessons:focus { border: none; }
    Opener Input { margin: 1 0 0 0; }
    Opener #fault { color: $wrong; height: auto; max-height: 8; }
    """

    AUTO_FOCUS = "Lessons"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close")]

    def __init__(self, current: str, files: bool = True) -> None:
        """`files`: whether files may be opened, not lessons alone."""
        super().__init__()
        self.current, self.files = current, files

    def compose(self) -> ComposeResult:
        or_a_file = ", or a file (tab, then its path)" if self.files else ""
        with Vertical(id="sheet"):
            yield Static(f"Open a lesson (enter){or_a_file}", markup=False)
            yield Lessons(*starmap(self.option, enumerate(lessons.NAMES, 1)), markup=False)
            if self.files:
                yield Input(placeholder="path/to/experiment.toml")
            yield Static(id="fault", markup=False)

    def on_mount(self) -> None:
        if self.current in lessons.NAMES:
            self.query_one(OptionList).highlighted = lessons.NAMES.index(self.current)

    def option(self, number: int, name: str) -> Option:
        """A lesson's line: its number, its name, its layers, what it teaches."""
        lesson = load(name)
        line = Text(f"{number:>2}  {name:<11}  {lesson.network.sizes:<10}  ", "bold")
        line.append(lesson.teaches, "not bold")
        return Option(line, id=name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self.open(event.option.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.open(event.value.strip())

    def open(self, source: str) -> None:
        try:
            experiment = load(source)
        except ExperimentError as error:
            shown = [f"✗ {fault}" for fault in error.faults[:FAULTS]]
            if len(error.faults) > FAULTS:
                shown.append(f"… and {len(error.faults) - FAULTS} more: {source} is not opened")
            self.query_one("#fault", Static).update("\n".join(shown))
        else:
            self.dismiss(experiment)

    def action_close(self) -> None:
        self.dismiss(None)
